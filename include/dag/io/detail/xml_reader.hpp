// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/io/text_file.hpp>
#include <dag/text/fold.hpp>

namespace dag::detail {

/// An element of an XML document. Children are indices into the document's list, which has parents
/// before children.
struct XmlElement {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string text;  ///< all text between its tags, that of its children left out
  std::vector<std::size_t> children;
  std::size_t at = 0;  ///< where it begins in the file

  [[nodiscard]] const std::string* attribute(std::string_view wanted) const noexcept {
    for (const auto& [key, value] : attributes) {
      if (key == wanted) {
        return &value;
      }
    }
    return nullptr;
  }
};

/// The elements of a small XML document: tags, attributes, text, CDATA, the five named entities and
/// numbered ones; comments, instructions and a DOCTYPE without a subset are passed over. No other
/// entities: nothing can grow. Element 0 is the root. No recursion. Errc::parse for all else.
class XmlReader {
 public:
  XmlReader(std::string_view text, std::string_view name) : text_(text), name_(name) {
    at_ = text_.size() - without_mark(text_).size();
  }

  [[nodiscard]] std::vector<XmlElement> read() {
    std::vector<std::size_t> open;
    while (true) {
      const std::size_t next = text_.find('<', at_);
      const std::string_view between = text_.substr(at_, next == npos ? npos : next - at_);
      if (!open.empty()) {
        elements_[open.back()].text += decoded(between, at_);
      } else if (between.find_first_not_of(" \t\r\n") != npos) {
        refuse(at_ + between.find_first_not_of(" \t\r\n"), "text outside the root element");
      }
      if (next == npos) {
        break;
      }
      at_ = next;
      if (skip("<!--", "-->") || skip("<?", "?>") || skip("<!DOCTYPE", ">")) {
        continue;
      }
      if (starts("<![CDATA[")) {
        const std::size_t end = text_.find("]]>", at_);
        if (end == npos || open.empty()) {
          refuse(at_, "a CDATA section that does not end, or outside the root");
        }
        elements_[open.back()].text += text_.substr(at_ + 9, end - at_ - 9);
        at_ = end + 3;
      } else if (starts("</")) {
        const std::size_t start = at_;
        at_ += 2;
        const std::string name = word();
        space();
        if (open.empty() || name != elements_[open.back()].name || !starts(">")) {
          refuse(start, "a closing tag that closes nothing");
        }
        ++at_;
        open.pop_back();
      } else {
        tag(open);
      }
    }
    if (elements_.empty() || !open.empty()) {
      refuse(text_.size(), elements_.empty()
                               ? std::string("expected an element")
                               : "<" + elements_[open.back()].name + "> is not closed");
    }
    return std::move(elements_);
  }

 private:
  static constexpr std::size_t npos = std::string_view::npos;
  static constexpr std::size_t most_levels = 4096;

  [[noreturn]] void refuse(std::size_t at, const std::string& rule) const {
    fail(Errc::parse, name_, ":", line_of(text_, at), ": ", rule, ", found ",
         at < text_.size() ? quoted_excerpt(text_.substr(at, 20)) : "end of file");
  }
  [[nodiscard]] bool starts(std::string_view word) const noexcept {
    return text_.substr(at_, word.size()) == word;
  }
  bool skip(std::string_view from, std::string_view to) {
    if (!starts(from)) {
      return false;
    }
    const std::size_t end = text_.find(to, at_ + from.size());
    if (end == npos || (from == "<!DOCTYPE" && text_.substr(at_, end - at_).find('[') != npos)) {
      refuse(at_, "a comment, instruction or DOCTYPE that does not end or defines entities");
    }
    at_ = end + to.size();
    return true;
  }
  void space() noexcept {
    at_ = text_.find_first_not_of(" \t\r\n", at_);
    at_ = at_ == npos ? text_.size() : at_;
  }
  [[nodiscard]] std::string word() {
    const std::size_t end = text_.find_first_of(" \t\r\n<>/=\"'&", at_);
    const std::size_t start = std::exchange(at_, end == npos ? text_.size() : end);
    if (at_ == start) {
      refuse(start, "expected a name");
    }
    return std::string(text_.substr(start, at_ - start));
  }

  void tag(std::vector<std::size_t>& open) {
    XmlElement element;
    element.at = at_++;
    element.name = word();
    if (open.empty() && !elements_.empty()) {
      refuse(element.at, "a second root element");
    }
    if (open.size() >= most_levels) {
      refuse(element.at, "more than 4096 elements inside each other");
    }
    for (space(); !starts(">") && !starts("/>"); space()) {
      std::string key = word();
      space();
      const char quote = starts("=") ? '=' : '\0';
      at_ += quote == '=' ? 1 : 0;
      space();
      const char mark = at_ < text_.size() ? text_[at_] : '\0';
      const std::size_t end = mark == '"' || mark == '\'' ? text_.find(mark, at_ + 1) : npos;
      if (quote == '\0' || end == npos || element.attribute(key) != nullptr) {
        refuse(at_, "expected " + key + "=\"...\", once");
      }
      element.attributes.emplace_back(std::move(key),
                                      decoded(text_.substr(at_ + 1, end - at_ - 1), at_ + 1));
      at_ = end + 1;
    }
    const std::size_t self = elements_.size();
    if (!open.empty()) {
      elements_[open.back()].children.push_back(self);
    }
    if (starts("/>")) {
      at_ += 2;
    } else {
      ++at_;
      open.push_back(self);
    }
    elements_.push_back(std::move(element));
  }

  /// With the entities replaced by what they stand for.
  [[nodiscard]] std::string decoded(std::string_view text, std::size_t at) const {
    std::string out;
    while (true) {
      const std::size_t amp = text.find('&');
      out += text.substr(0, amp);
      if (amp == npos) {
        break;
      }
      at += amp;
      text.remove_prefix(amp);
      const std::size_t end = text.find(';');
      if (end == npos || !append_entity(text.substr(1, end - 1), out)) {
        refuse(at, "an entity that is not known");
      }
      at += end + 1;
      text.remove_prefix(end + 1);
    }
    if (const std::size_t nul = out.find('\0'); nul != npos) {
      refuse(at, "a NUL byte");
    }
    return to_utf8(std::move(out));
  }
  static bool append_entity(std::string_view entity, std::string& out) {
    constexpr std::pair<std::string_view, char> named[] = {
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    for (const auto& [name, c] : named) {
      if (entity == name) {
        out += c;
        return true;
      }
    }
    const bool hex = entity.substr(0, 2) == "#x";
    if (entity.substr(0, 1) != "#") {
      return false;
    }
    entity.remove_prefix(hex ? 2 : 1);
    unsigned value = 0;
    const auto read =
        std::from_chars(entity.data(), entity.data() + entity.size(), value, hex ? 16 : 10);
    if (read.ec != std::errc{} || read.ptr != entity.data() + entity.size() || value == 0 ||
        value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
      return false;
    }
    encode_utf8(static_cast<char32_t>(value), out);
    return true;
  }

  std::string_view text_;
  std::string_view name_;
  std::size_t at_ = 0;
  std::vector<XmlElement> elements_;
};

}  // namespace dag::detail
