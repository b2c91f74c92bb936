// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/json_text.hpp>
#include <dag/io/printable.hpp>
#include <dag/io/text_file.hpp>

namespace dag {

/// A type of numbers in a safetensors file.
struct SafeTensorType {
  std::string_view name;
  std::size_t bytes = 0;  ///< of one number
};
inline constexpr std::array<SafeTensorType, 17> safetensor_types{{{"BOOL", 1},
                                                                  {"U8", 1},
                                                                  {"I8", 1},
                                                                  {"F8_E4M3", 1},
                                                                  {"F8_E5M2", 1},
                                                                  {"F8_E8M0", 1},
                                                                  {"U16", 2},
                                                                  {"I16", 2},
                                                                  {"F16", 2},
                                                                  {"BF16", 2},
                                                                  {"U32", 4},
                                                                  {"I32", 4},
                                                                  {"F32", 4},
                                                                  {"U64", 8},
                                                                  {"I64", 8},
                                                                  {"F64", 8},
                                                                  {"C64", 8}}};

/// A named array of numbers: row-major, little-endian.
struct SafeTensor {
  std::string name = {};
  std::string type = {};                ///< a name of `safetensor_types`
  std::vector<std::size_t> shape = {};  ///< empty: one number
  std::string_view bytes = {};          ///< not owned
};

namespace detail {

/// The bytes that type and shape ask for. what: begins the message. Errors: parse.
[[nodiscard]] inline std::size_t safetensor_size(const SafeTensor& tensor, std::string_view what) {
  const auto* type =
      std::find_if(safetensor_types.begin(), safetensor_types.end(),
                   [&](const SafeTensorType& known) { return known.name == tensor.type; });
  require(type != safetensor_types.end(), Errc::parse, what, ": tensor '", printable(tensor.name),
          "' has the type '", printable(tensor.type), "', which is not known here");
  std::size_t size = type->bytes;
  for (const std::size_t length : tensor.shape) {
    require(length == 0 || size <= std::numeric_limits<std::size_t>::max() / length, Errc::parse,
            what, ": tensor '", printable(tensor.name), "' has a shape beyond 64 bits of bytes");
    size *= length;
  }
  return size;
}

/// Refuses names that stand twice in one object: which of them counts, readers disagree on.
class OnceEach {
 public:
  explicit OnceEach(std::string_view what) : what_(what) {}
  bool operator()(int, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start) {
      open_.emplace_back();
    } else if (event == Event::object_end) {
      open_.pop_back();
    } else if (event == Event::key) {
      const auto& name = parsed.get_ref<const std::string&>();
      require(open_.back().insert(name).second, Errc::parse, what_, ": the header names '",
              printable(name), "' twice");
    }
    return true;
  }

 private:
  std::string_view what_;
  std::vector<std::set<std::string>> open_;
};

}  // namespace detail

/// A safetensors file in memory: eight bytes n, little-endian; n bytes of JSON that name each
/// tensor's type, shape and range in what follows; the numbers. Format:
/// https://github.com/huggingface/safetensors (its file layout, checked in full): the ranges must
/// cover the rest of the file without a hole, an overlap or a byte left over, each as long as type
/// and shape ask for; a name stands once; types below a byte a number are refused. Reading a file
/// needs its size in memory; copies of this object share it. Errors: io, parse ("PATH: fault").
class SafeTensors {
 public:
  static constexpr std::size_t longest_header = 100'000'000;  ///< bytes, as the format has it

  explicit SafeTensors(const std::string& path) : SafeTensors(read_text_file(path), path) {}
  /// bytes: of a whole file; name: for messages.
  SafeTensors(std::string bytes, const std::string& name)
      : bytes_(std::make_shared<const std::string>(std::move(bytes))) {
    const std::string_view all = *bytes_;
    require(all.size() >= 8, Errc::parse, name, ": a safetensors file has at least 8 bytes, got ",
            all.size());
    std::uint64_t length = 0;
    for (std::size_t i = 8; i-- > 0;) {
      length = length << 8U | static_cast<unsigned char>(all[i]);
    }
    require(length <= longest_header && length <= all.size() - 8, Errc::parse, name,
            ": the header is said to have ", length, " bytes, of ", all.size() - 8,
            " that follow (and at most ", longest_header, ")");
    read_header(all.substr(8, static_cast<std::size_t>(length)),
                all.substr(8 + static_cast<std::size_t>(length)), name);
  }

  /// In the order of their bytes.
  [[nodiscard]] std::span<const SafeTensor> tensors() const noexcept { return tensors_; }
  /// Null where there is none of that name.
  [[nodiscard]] const SafeTensor* find(std::string_view name) const noexcept {
    const auto found = std::find_if(tensors_.begin(), tensors_.end(),
                                    [&](const SafeTensor& tensor) { return tensor.name == name; });
    return found == tensors_.end() ? nullptr : &*found;
  }
  /// What the writer said of the file.
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const noexcept {
    return metadata_;
  }

 private:
  using Json = nlohmann::json;
  struct Range {
    std::size_t begin = 0, end = 0;
  };

  void read_header(std::string_view header, std::string_view data, const std::string& name) {
    require(!header.empty() && header.front() == '{', Errc::parse, name,
            ": the header must begin with '{'");
    require(detail::too_deep_at(header, 4) == std::string_view::npos, Errc::parse, name,
            ": the header is nested too deep");
    Json root;
    try {
      root = Json::parse(header, detail::OnceEach(name));
    } catch (const Json::exception& error) {
      fail(Errc::parse, name, ": the header is no JSON: ", detail::json_complaint(error));
    }
    std::vector<std::pair<Range, SafeTensor>> found;
    for (const auto& [key, value] : root.items()) {
      if (key == "__metadata__") {
        read_metadata(value, name);
      } else {
        found.push_back(read_entry(key, value, data, name));
      }
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first.begin, a.first.end) < std::pair(b.first.begin, b.first.end);
    });
    std::size_t covered = 0;
    for (auto& [range, tensor] : found) {
      require(range.begin == covered, Errc::parse, name, ": tensor '", printable(tensor.name),
              "' begins at byte ", range.begin, " of the data, the one before it ends at ",
              covered);
      covered = range.end;
      tensors_.push_back(std::move(tensor));
    }
    require(covered == data.size(), Errc::parse, name, ": the tensors have ", covered,
            " bytes, the file ", data.size());
  }

  void read_metadata(const Json& value, const std::string& name) {
    require(value.is_object(), Errc::parse, name, ": __metadata__ must be an object of strings");
    for (const auto& [key, text] : value.items()) {
      require(text.is_string(), Errc::parse, name, ": __metadata__ '", printable(key),
              "' must be a string");
      metadata_[key] = text.get<std::string>();
    }
  }

  [[nodiscard]] static std::pair<Range, SafeTensor> read_entry(const std::string& key,
                                                               const Json& value,
                                                               std::string_view data,
                                                               const std::string& name) {
    const auto need = [&](bool holds, const char* rule) {
      require(holds, Errc::parse, name, ": tensor '", printable(key), "' ", rule);
    };
    need(value.is_object() && value.size() == 3 && value.contains("dtype") &&
             value.contains("shape") && value.contains("data_offsets"),
         "must have dtype, shape and data_offsets, and nothing else");
    const Json& type = value["dtype"];
    const Json& shape = value["shape"];
    const Json& range = value["data_offsets"];
    need(type.is_string(), "must have a string as dtype");
    need(shape.is_array(), "must have an array as shape");
    need(range.is_array() && range.size() == 2 && range[0].is_number_unsigned() &&
             range[1].is_number_unsigned(),
         "must have two whole numbers as data_offsets");
    SafeTensor tensor{.name = key, .type = type.get<std::string>()};
    for (const Json& length : shape) {
      need(length.is_number_unsigned(), "must have whole numbers in its shape");
      tensor.shape.push_back(length.get<std::size_t>());
    }
    const Range at{range[0].get<std::size_t>(), range[1].get<std::size_t>()};
    require(at.begin <= at.end && at.end <= data.size(), Errc::parse, name, ": tensor '",
            printable(key), "' is said to be at bytes ", at.begin, " to ", at.end,
            " of the data, which has ", data.size());
    const std::size_t size = detail::safetensor_size(tensor, name);
    require(size == at.end - at.begin, Errc::parse, name, ": tensor '", printable(key), "' has ",
            at.end - at.begin, " bytes; type and shape ask for ", size);
    tensor.bytes = data.substr(at.begin, size);
    return {at, std::move(tensor)};
  }

  std::shared_ptr<const std::string> bytes_;
  std::vector<SafeTensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// Writes tensors as a safetensors file, whole or not at all (`AtomicFile`). Equal tensors give
/// equal bytes: larger types first, so that numbers are aligned, then by name. Errors:
/// invalid_argument (a name that stands twice or is reserved, bytes that do not fit type and
/// shape), parse (a type that is not known), io.
inline void write_safetensors(const std::string& path, std::span<const SafeTensor> tensors,
                              const std::map<std::string, std::string>& metadata = {}) {
  std::vector<std::pair<std::size_t, const SafeTensor*>> order;
  std::set<std::string_view> names;
  for (const SafeTensor& tensor : tensors) {
    const std::size_t size = detail::safetensor_size(tensor, "write_safetensors");
    require(tensor.bytes.size() == size, Errc::invalid_argument, "write_safetensors: tensor '",
            printable(tensor.name), "' has ", tensor.bytes.size(),
            " bytes; type and shape ask for ", size);
    require(tensor.name != "__metadata__" && names.insert(tensor.name).second,
            Errc::invalid_argument, "write_safetensors: the name '", printable(tensor.name),
            "' is reserved or stands twice");
    const auto* type =
        std::find_if(safetensor_types.begin(), safetensor_types.end(),
                     [&](const SafeTensorType& known) { return known.name == tensor.type; });
    order.emplace_back(type->bytes, &tensor);
  }
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second->name < b.second->name;
  });
  nlohmann::ordered_json root = nlohmann::ordered_json::object();
  if (!metadata.empty()) {
    root["__metadata__"] = metadata;
  }
  std::size_t next = 0;
  for (const auto& [width, tensor] : order) {
    root[tensor->name] = {{"dtype", tensor->type},
                          {"shape", tensor->shape},
                          {"data_offsets", {next, next + tensor->bytes.size()}}};
    next += tensor->bytes.size();
  }
  std::string header;
  try {
    header = root.dump();
  } catch (const nlohmann::json::exception& error) {
    fail(Errc::invalid_argument,
         "write_safetensors: a name cannot be written: ", detail::json_complaint(error));
  }
  header.resize((header.size() + 7) / 8 * 8, ' ');
  require(header.size() <= SafeTensors::longest_header, Errc::invalid_argument,
          "write_safetensors: the header has ", header.size(), " bytes, more than ",
          SafeTensors::longest_header);
  std::string length;
  for (std::size_t i = 0; i < 8; ++i) {
    length += static_cast<char>(static_cast<unsigned char>(header.size() >> 8U * i & 0xFFU));
  }
  AtomicFile file(path);
  file.write(length);
  file.write(header);
  for (const auto& [width, tensor] : order) {
    file.write(tensor->bytes);
  }
  file.commit();
}

}  // namespace dag
