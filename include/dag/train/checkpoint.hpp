// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <dag/core/communicator.hpp>
#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/open_file.hpp>

namespace dag {

/// Everything a training run needs to go on bit for bit: random numbers are addressed by (seed,
/// step, sample), so that seed and step stand for all streams.
struct Checkpoint {
  std::uint64_t seed = 0;
  std::int64_t step = 0;  ///< steps completed
  std::vector<double> parameters;
  std::vector<double> reference;  ///< parameters of the KL anchor
  std::vector<double> optimizer;  ///< as `Optimizer::state`
  std::vector<double> multipliers;
  /// What made it: `name=value` lines of all options that change the numbers. Empty: not known.
  std::string fingerprint = {};
  std::vector<double> watch = {};  ///< as `MajorityWatch::state`
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

namespace detail {

/// CRC-32 (polynomial 0xEDB88320, as in zip and PNG).
[[nodiscard]] inline std::uint32_t crc32(std::span<const unsigned char> bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const unsigned char byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1U)));
    }
  }
  return ~crc;
}

inline constexpr std::array<unsigned char, 8> checkpoint_magic{'d', 'a', 'g', 'c',
                                                               'k', 'p', 't', 3};

class ByteWriter {
 public:
  void raw(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    bytes_.insert(bytes_.end(), bytes, bytes + size);
  }
  void word(std::uint64_t value) {  // little-endian, whatever the machine
    for (int i = 0; i < 8; ++i) {
      bytes_.push_back(static_cast<unsigned char>(value >> (8 * i)));
    }
  }
  void numbers(const std::vector<double>& values) {
    word(values.size());
    for (const double value : values) {
      std::uint64_t bits = 0;
      std::memcpy(&bits, &value, sizeof bits);
      word(bits);
    }
  }
  void text(const std::string& value) {
    word(value.size());
    raw(value.data(), value.size());
  }
  [[nodiscard]] const std::vector<unsigned char>& bytes() const { return bytes_; }

 private:
  std::vector<unsigned char> bytes_;
};

class ByteReader {
 public:
  ByteReader(std::span<const unsigned char> bytes, const std::string& path)
      : bytes_(bytes), path_(path) {}
  [[nodiscard]] std::uint64_t word() {
    require(bytes_.size() >= 8, Errc::parse, "checkpoint '", path_, "' ends too early");
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      value |= std::uint64_t{bytes_[i]} << (8 * i);
    }
    bytes_ = bytes_.subspan(8);
    return value;
  }
  [[nodiscard]] std::vector<double> numbers() {
    const std::uint64_t size = word();
    require(size <= bytes_.size() / 8, Errc::parse, "checkpoint '", path_, "' claims ", size,
            " numbers, ", bytes_.size() / 8, " are left");
    std::vector<double> values(size);
    for (double& value : values) {
      const std::uint64_t bits = word();
      std::memcpy(&value, &bits, sizeof value);
    }
    return values;
  }
  [[nodiscard]] std::string text() {
    const std::uint64_t size = word();
    require(size <= bytes_.size(), Errc::parse, "checkpoint '", path_, "' claims ", size,
            " bytes of text, ", bytes_.size(), " are left");
    const auto part = bytes_.first(static_cast<std::size_t>(size));
    bytes_ = bytes_.subspan(part.size());
    return {part.begin(), part.end()};
  }
  [[nodiscard]] bool at_end() const { return bytes_.empty(); }

 private:
  std::span<const unsigned char> bytes_;
  const std::string& path_;
};

/// The whole file; false if it cannot be opened.
[[nodiscard]] inline bool read_bytes(const std::string& path, std::vector<unsigned char>& bytes) {
  const OpenFile file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) {
    return false;
  }
  std::array<unsigned char, 65536> buffer;
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), file.get())) > 0;) {
    bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got));
  }
  return true;
}

/// Magic and checksum fit.
[[nodiscard]] inline bool whole_checkpoint(std::span<const unsigned char> bytes) {
  if (bytes.size() < checkpoint_magic.size() + 8 ||
      std::memcmp(bytes.data(), checkpoint_magic.data(), checkpoint_magic.size() - 1) != 0) {
    return false;
  }
  std::uint64_t stored = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    stored |= std::uint64_t{bytes[bytes.size() - 8 + i]} << (8 * i);
  }
  return stored == crc32(bytes.first(bytes.size() - 8));
}

[[nodiscard]] inline Checkpoint parse_checkpoint(std::span<const unsigned char> bytes,
                                                 const std::string& path) {
  constexpr std::size_t name = checkpoint_magic.size() - 1;  // the last byte is the version
  require(bytes.size() >= checkpoint_magic.size() + 8 &&
              std::memcmp(bytes.data(), checkpoint_magic.data(), name) == 0 && bytes[name] >= 1 &&
              bytes[name] <= checkpoint_magic[name],
          Errc::parse, "'", path, "' is no checkpoint of this version");
  const auto body = bytes.first(bytes.size() - 8);
  ByteReader tail(bytes.last(8), path);
  const std::uint64_t stored = tail.word();
  require(stored == crc32(body), Errc::parse, "checkpoint '", path,
          "' is damaged: its checksum does not fit");
  ByteReader in(body.subspan(checkpoint_magic.size()), path);
  Checkpoint found;
  found.seed = in.word();
  found.step = static_cast<std::int64_t>(in.word());
  found.parameters = in.numbers();
  found.reference = in.numbers();
  found.optimizer = in.numbers();
  found.multipliers = in.numbers();
  if (bytes[name] != 1) {  // version 1 had none
    found.fingerprint = in.text();
  }
  if (bytes[name] >= 3) {
    found.watch = in.numbers();
  }
  require(in.at_end(), Errc::parse, "checkpoint '", path, "' has bytes after its end");
  return found;
}

}  // namespace detail

namespace detail {

/// The file of a checkpoint.
[[nodiscard]] inline std::vector<unsigned char> checkpoint_bytes(const Checkpoint& checkpoint) {
  ByteWriter out;
  out.raw(checkpoint_magic.data(), checkpoint_magic.size());
  out.word(checkpoint.seed);
  out.word(static_cast<std::uint64_t>(checkpoint.step));
  out.numbers(checkpoint.parameters);
  out.numbers(checkpoint.reference);
  out.numbers(checkpoint.optimizer);
  out.numbers(checkpoint.multipliers);
  out.text(checkpoint.fingerprint);
  out.numbers(checkpoint.watch);
  out.word(crc32(out.bytes()));
  return out.bytes();
}

}  // namespace detail

/// Writes a checkpoint under `path`; the one that stood there moves to `path`.previous first, if it
/// is whole: a damaged one is written over, so that it never takes the place of a good one. Each
/// move is a rename: a kill at any moment leaves a whole checkpoint under one of the two names.
/// Format: magic and version, words and doubles little-endian, CRC-32. Errors: io.
inline void save_checkpoint(const Checkpoint& checkpoint, const std::string& path) {
  const std::vector<unsigned char> bytes = detail::checkpoint_bytes(checkpoint);
  AtomicFile file(path);
  file.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  std::vector<unsigned char> before;
  if (detail::read_bytes(path, before) && detail::whole_checkpoint(before)) {
    (void)std::rename(path.c_str(), (path + ".previous").c_str());
  }
  file.commit();
}

/// Whether there is anything to load: `path` or `path`.previous can be opened.
[[nodiscard]] inline bool checkpoint_exists(const std::string& path) {
  for (const std::string& candidate : {path, path + ".previous"}) {
    if (OpenFile(std::fopen(candidate.c_str(), "rb")) != nullptr) {
      return true;
    }
  }
  return false;
}

/// The fields in which two fingerprints differ, "beta: 0.5 there, 0.1 here; ...", at most eight of
/// them; empty if they are equal or one of them is not known.
[[nodiscard]] inline std::string fingerprint_difference(const std::string& there,
                                                        const std::string& here) {
  const auto fields = [](std::string_view text) {
    std::map<std::string, std::string, std::less<>> found;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(line.size() == text.size() ? line.size() : line.size() + 1);
      const std::size_t equal = line.find('=');
      if (equal != std::string_view::npos) {
        found.emplace(line.substr(0, equal), line.substr(equal + 1));
      }
    }
    return found;
  };
  if (there.empty() || here.empty() || there == here) {
    return {};
  }
  const auto old = fields(there);
  auto now = fields(here);
  for (const auto& [name, value] : old) {
    now.try_emplace(name, "(none)");
  }
  std::string text;
  int count = 0;
  for (const auto& [name, value] : now) {
    const auto before = old.find(name);
    const std::string was = before == old.end() ? "(none)" : before->second;
    if (was != value && ++count <= 8) {
      text += (text.empty() ? "" : "; ") + name + ": " + was.substr(0, 60) + " there, " +
              value.substr(0, 60) + " here";
    }
  }
  return text + (count > 8 ? "; " + std::to_string(count - 8) + " more" : std::string());
}

/// What `load_checkpoint` found, and where.
struct LoadedCheckpoint {
  Checkpoint checkpoint;
  std::string path;     ///< the file it came from
  std::string refused;  ///< why the newer file was not used; empty if it was
};

/// Reads `path`, or `path`.previous where that is missing or damaged. Errors: parse or io if
/// neither serves, with the reasons for both.
[[nodiscard]] inline LoadedCheckpoint load_checkpoint(const std::string& path) {
  std::string reasons;
  for (const std::string& candidate : {path, path + ".previous"}) {
    std::vector<unsigned char> bytes;
    if (!detail::read_bytes(candidate, bytes)) {
      reasons += (reasons.empty() ? "cannot read '" : "; cannot read '") + candidate + "'";
      continue;
    }
    DAG_TRY { return {detail::parse_checkpoint(bytes, candidate), candidate, reasons}; }
    DAG_CATCH(Error, error) {
      reasons += (reasons.empty() ? "" : "; ") + std::string(error.what());
    }
  }
  fail(Errc::io, "no usable checkpoint: ", reasons);
}

namespace detail {

/// The checkpoint that rank 0 finds under its `path`, on all ranks; none where nothing is there, or
/// the path is empty.
template <Communicator Ranks>
[[nodiscard]] std::optional<Checkpoint> load_checkpoint_of_rank_0(Conversation<Ranks>& talk,
                                                                  const std::string& path) {
  std::optional<Checkpoint> found;
  if (talk.rank() == 0 && !path.empty() && checkpoint_exists(path)) {
    found = load_checkpoint(path).checkpoint;
  }
  if (talk.size() > 1) {
    talk.exchange(
        [&](std::size_t, Message& to) {
          if (found) {
            to.put_all(checkpoint_bytes(*found));
          }
        },
        [&](std::size_t r, Message& from) {
          if (r == 0 && !from.done()) {
            std::vector<unsigned char> bytes;
            from.add_all(bytes);
            found = parse_checkpoint(bytes, path);
          }
        });
  }
  return found;
}

}  // namespace detail

}  // namespace dag
