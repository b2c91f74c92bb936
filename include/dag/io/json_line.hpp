// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/numeric/number.hpp>
#include <dag/text/fold.hpp>

namespace dag {

/// What kind of JSON value.
enum class JsonKind : std::uint8_t { null, boolean, number, string, array, object };

/// One JSON value of a line, read strictly (RFC 8259) into a flat list of values with their places,
/// so that a line can be copied byte for byte with a few values added or replaced. Strings are
/// decoded and numbers are converted only when asked for; a number keeps its spelling. A lone
/// surrogate (\ud800 alone, as Python writes it) becomes U+FFFD and is counted. Storage is reused
/// from line to line. Time: linear.
class JsonLine {
 public:
  /// A value: an index, valid until the next `parse`.
  using Index = std::size_t;
  static constexpr Index none = static_cast<Index>(-1);

  /// What is wrong with a line, and where (column from 1).
  struct Fault {
    std::string what;
    std::size_t column = 0;
  };

  /// Reads `line`, which must outlive the use of the values. Throws Fault.
  void parse(std::string_view line, std::size_t max_depth = 64) {
    line_ = line;
    nodes_.clear();
    surrogates_ = 0;
    at_ = 0;
    max_depth_ = max_depth;
    space();
    value(0);
    space();
    if (at_ < line_.size()) {
      fault("there is more after the value");
    }
  }

  [[nodiscard]] static constexpr Index root() noexcept { return 0; }
  [[nodiscard]] JsonKind kind(Index i) const noexcept { return nodes_[i].kind; }
  [[nodiscard]] bool is(Index i, JsonKind kind) const noexcept {
    return i != none && nodes_[i].kind == kind;
  }
  /// Lone surrogates of the line.
  [[nodiscard]] std::size_t surrogates() const noexcept { return surrogates_; }

  /// The bytes of a value, and where they are.
  [[nodiscard]] std::string_view raw(Index i) const noexcept {
    return line_.substr(nodes_[i].begin, nodes_[i].end - nodes_[i].begin);
  }
  [[nodiscard]] std::size_t begin(Index i) const noexcept { return nodes_[i].begin; }
  [[nodiscard]] std::size_t end(Index i) const noexcept { return nodes_[i].end; }

  /// The first value inside an array or object (of an object: its first key), or none.
  [[nodiscard]] Index first(Index i) const noexcept {
    return nodes_[i].next > i + 1 ? i + 1 : none;
  }
  /// The value after `i` inside the same array or object `parent`, or none.
  [[nodiscard]] Index after(Index i, Index parent) const noexcept {
    return nodes_[i].next < nodes_[parent].next ? nodes_[i].next : none;
  }

  /// The value of a key of an object, or none. Throws Fault where the key is given twice.
  [[nodiscard]] Index find(Index object, std::string_view key) const {
    Index found = none;
    if (!is(object, JsonKind::object)) {
      return none;
    }
    for (Index k = first(object); k != none; k = after(k + 1, object)) {
      if (key_is(k, key)) {
        if (found != none) {
          throw Fault{"\"" + std::string(key) + "\" is given twice", nodes_[k].begin + 1};
        }
        found = k + 1;
      }
    }
    return found;
  }

  /// The value at a path of keys and positions: "response.body.choices.0.message". A key that
  /// itself holds a point is found whole.
  [[nodiscard]] Index at(Index i, std::string_view path) const {
    while (i != none) {
      if (const Index whole = find(i, path); whole != none) {
        return whole;
      }
      const std::size_t point = path.find('.');
      const std::string_view head = path.substr(0, point);
      if (is(i, JsonKind::array)) {
        std::size_t place = 0;
        const auto [end, error] = std::from_chars(head.data(), head.data() + head.size(), place);
        if (error != std::errc{} || end != head.data() + head.size()) {
          return none;
        }
        Index child = first(i);
        for (; child != none && place > 0; --place) {
          child = after(child, i);
        }
        i = child;
      } else if (point == std::string_view::npos) {
        return none;
      } else {
        i = find(i, head);
      }
      if (point == std::string_view::npos) {
        return i;
      }
      path.remove_prefix(point + 1);
    }
    return none;
  }

  /// A string decoded; of every other kind its bytes.
  [[nodiscard]] std::string text(Index i) const {
    const std::string_view bytes = raw(i);
    if (kind(i) != JsonKind::string) {
      return std::string(bytes);
    }
    std::string out;
    decode(bytes.substr(1, bytes.size() - 2), out);
    return out;
  }

  [[nodiscard]] bool boolean(Index i) const noexcept { return line_[nodes_[i].begin] == 't'; }

  /// A number as a double; false where it is beyond double.
  [[nodiscard]] bool number(Index i, double& out) const noexcept {
    const std::string_view bytes = raw(i);
#if defined(__cpp_lib_to_chars) || defined(__GLIBCXX__)
    const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), out);
    return error == std::errc{} && end == bytes.data() + bytes.size();
#else  // libc++ before version 20 reads no doubles
    return dag::detail::number_value(bytes, out) == nullptr;
#endif
  }

 private:
  struct Node {
    JsonKind kind;
    std::size_t begin;
    std::size_t end;
    std::size_t next;  ///< the index behind this value and all inside it
  };

  [[noreturn]] void fault(std::string what) const { throw Fault{std::move(what), at_ + 1}; }

  void space() noexcept {
    while (at_ < line_.size() &&
           (line_[at_] == ' ' || line_[at_] == '\t' || line_[at_] == '\r' || line_[at_] == '\n')) {
      ++at_;
    }
  }
  [[nodiscard]] char peek() const noexcept { return at_ < line_.size() ? line_[at_] : '\0'; }

  void value(std::size_t depth) {
    const char c = peek();
    if (c == '"') {
      string();
    } else if (c == '{' || c == '[') {
      container(c == '{', depth);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      number();
    } else if (!word("null", JsonKind::null) && !word("true", JsonKind::boolean) &&
               !word("false", JsonKind::boolean)) {
      fault(at_ >= line_.size() ? "the line ends inside a value" : "this begins no JSON value");
    }
  }

  void container(bool object, std::size_t depth) {
    if (depth >= max_depth_) {
      fault("more than " + std::to_string(max_depth_) + " nested arrays or objects");
    }
    const std::size_t self = open(object ? JsonKind::object : JsonKind::array);
    const char close = object ? '}' : ']';
    ++at_;
    space();
    for (bool more = peek() != close; more;) {
      if (object) {
        if (peek() != '"') {
          fault(at_ >= line_.size() ? "the line ends inside an object" : "a key must be a string");
        }
        string();
        space();
        if (peek() != ':') {
          fault("a colon must follow a key");
        }
        ++at_;
        space();
      }
      value(depth + 1);
      space();
      more = peek() == ',';
      if (more) {
        ++at_;
        space();
      } else if (peek() != close) {
        fault(at_ >= line_.size() ? "the line ends inside an array or object"
                                  : "a comma or the closing bracket must follow");
      }
    }
    ++at_;
    nodes_[self].end = at_;
    nodes_[self].next = nodes_.size();
  }

  std::size_t open(JsonKind kind) {
    nodes_.push_back({kind, at_, at_, nodes_.size() + 1});
    return nodes_.size() - 1;
  }

  bool word(std::string_view text, JsonKind kind) {
    if (line_.substr(at_, text.size()) != text) {
      return false;
    }
    const std::size_t self = open(kind);
    at_ += text.size();
    nodes_[self].end = at_;
    return true;
  }

  void number() {
    const std::size_t self = open(JsonKind::number);
    const auto digits = [&] {
      const std::size_t begin = at_;
      while (peek() >= '0' && peek() <= '9') {
        ++at_;
      }
      if (at_ == begin) {
        fault("a digit must stand here");
      }
    };
    at_ += peek() == '-' ? 1U : 0U;
    const bool zero = peek() == '0';
    const std::size_t first_digit = at_;
    digits();
    if (zero && at_ > first_digit + 1) {
      fault("a number must not begin with 0");
    }
    if (peek() == '.') {
      ++at_;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      at_ += peek() == '-' || peek() == '+' ? 1U : 0U;
      digits();
    }
    nodes_[self].end = at_;
  }

  void string() {
    const std::size_t self = open(JsonKind::string);
    ++at_;
    for (;;) {
      const auto c = static_cast<unsigned char>(peek());
      if (at_ >= line_.size()) {
        fault("the line ends inside a string");
      } else if (c == '"') {
        break;
      } else if (c < 0x20) {
        fault("a control character inside a string must be escaped");
      } else if (c == '\\') {
        escape();
      } else if (c < 0x80) {
        ++at_;
      } else {
        const auto code = detail::decode_utf8(line_.substr(at_, 4));
        if (!code.valid) {
          fault("these bytes are no UTF-8");
        }
        at_ += code.length;
      }
    }
    ++at_;
    nodes_[self].end = at_;
  }

  [[nodiscard]] static int hex(std::string_view four) noexcept {
    int value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const char c = i < four.size() ? four[i] : '\0';
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) {
        return -1;
      }
      value = value * 16 + digit;
    }
    return value;
  }

  /// The code point of an escape \uXXXX (with its second half) at bytes[at] == '\\', and its
  /// length; a lone surrogate is U+FFFD.
  [[nodiscard]] static std::pair<char32_t, std::size_t> code_point(std::string_view bytes,
                                                                   std::size_t at) noexcept {
    const int high = hex(bytes.substr(at + 2, 4));
    if (high < 0xD800 || high > 0xDFFF) {
      return {static_cast<char32_t>(high), 6};
    }
    const bool pair = high < 0xDC00 && bytes.substr(at + 6, 2) == "\\u";
    const int low = pair ? hex(bytes.substr(at + 8, 4)) : 0;
    return low >= 0xDC00 && low <= 0xDFFF
               ? std::pair<char32_t, std::size_t>{0x10000 + ((high - 0xD800) << 10) + low - 0xDC00,
                                                  12}
               : std::pair<char32_t, std::size_t>{0xFFFD, 6};
  }

  void escape() {
    const char c = at_ + 1 < line_.size() ? line_[at_ + 1] : '\0';
    if (c == 'u') {
      if (hex(line_.substr(at_ + 2, 4)) < 0) {
        fault("\\u must be followed by four hexadecimal digits");
      }
      const auto [value, length] = code_point(line_, at_);
      surrogates_ += value == 0xFFFD && hex(line_.substr(at_ + 2, 4)) != 0xFFFD ? 1U : 0U;
      at_ += length;
      return;
    }
    if (c == '\0' || std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) {
      fault("JSON has no such escape");
    }
    at_ += 2;
  }

  static void decode(std::string_view bytes, std::string& out) {
    out.reserve(bytes.size());
    for (std::size_t i = 0; i < bytes.size();) {
      const std::size_t slash = bytes.find('\\', i);
      out += bytes.substr(i, slash - i);
      if (slash == std::string_view::npos) {
        break;
      }
      const char c = bytes[slash + 1];
      i = slash + 2;
      if (c == 'u') {
        const auto [value, length] = code_point(bytes, slash);
        detail::encode_utf8(value, out);
        i = slash + length;
      } else {
        out += c == 'b'   ? '\b'
               : c == 'f' ? '\f'
               : c == 'n' ? '\n'
               : c == 'r' ? '\r'
               : c == 't' ? '\t'
                          : c;
      }
    }
  }

  [[nodiscard]] bool key_is(Index k, std::string_view key) const {
    const std::string_view bytes = raw(k);
    const std::string_view inside = bytes.substr(1, bytes.size() - 2);
    return inside == key || (inside.find('\\') != std::string_view::npos && text(k) == key);
  }

  std::string_view line_;
  std::vector<Node> nodes_;
  std::size_t surrogates_ = 0;
  std::size_t at_ = 0;
  std::size_t max_depth_ = 64;
};

}  // namespace dag
