// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#if !defined(_WIN32)
#include <unistd.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/answers/group.hpp>
#include <dag/answers/interner.hpp>
#include <dag/answers/owner.hpp>
#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/detail/sample_splicer.hpp>
#include <dag/io/json_line.hpp>
#include <dag/io/jsonl.hpp>
#include <dag/io/open_file.hpp>
#include <dag/io/record_reader.hpp>
#include <dag/io/rollout_reader.hpp>
#include <dag/io/rollout_schema.hpp>
#include <dag/io/row_format.hpp>
#include <dag/text/answer_audit.hpp>
#include <dag/text/extractor.hpp>
#include <dag/text/gold.hpp>

namespace dag::detail {

/// Records of bytes, written once and read back in order: in memory up to 16 MiB, beyond that in a
/// temporary file without a name, in the folder of `beside` (of "-" and the like: $TMPDIR or /tmp;
/// on Windows where its temporary files are). Nothing of it is left when the program ends, however
/// it ends. Errors: Errc::io.
class Spool {
 public:
  explicit Spool(std::string beside) : beside_(std::move(beside)) {}

  void put(std::string_view record) {
    const std::uint64_t size = record.size();
    write({reinterpret_cast<const char*>(&size), sizeof size});
    write(record);
  }

  void rewind() {
    place_ = 0;
    if (file_ != nullptr) {
      check(std::fflush(file_.get()) == 0);
      std::rewind(file_.get());
    }
  }

  /// The next record; false at the end.
  bool get(std::string& record) {
    std::uint64_t size = 0;
    if (!read(reinterpret_cast<char*>(&size), sizeof size)) {
      return false;
    }
    record.resize(size);
    check(read(record.data(), size));
    return true;
  }

 private:
  static constexpr std::size_t in_memory = std::size_t{16} << 20;

  void check(bool holds) const {
    require(holds, Errc::io, "a temporary file beside '", beside_, "': ", std::strerror(errno));
  }

  void write(std::string_view bytes) {
    if (file_ == nullptr && memory_.size() + bytes.size() > in_memory) {
      open();
      check(std::fwrite(memory_.data(), 1, memory_.size(), file_.get()) == memory_.size());
      memory_ = {};
    }
    if (file_ == nullptr) {
      memory_ += bytes;
    } else {
      check(std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size());
    }
  }

  bool read(char* out, std::size_t size) {
    if (file_ != nullptr) {
      const std::size_t got = std::fread(out, 1, size, file_.get());
      check(std::ferror(file_.get()) == 0);
      return got == size;
    }
    if (memory_.size() - place_ < size) {
      return false;
    }
    std::memcpy(out, memory_.data() + place_, size);
    place_ += size;
    return true;
  }

  void open() {
#if defined(_WIN32)
    file_.reset(std::tmpfile());
    check(file_ != nullptr);
#else
    const char* folder = std::getenv("TMPDIR");
    std::string name = folder != nullptr && *folder != '\0' ? folder : "/tmp";
    if (beside_ != "-" && beside_.rfind("/dev/", 0) != 0 && beside_.rfind("/proc/", 0) != 0) {
      const auto slash = beside_.rfind('/');
      name = slash == std::string::npos ? "." : slash == 0 ? "/" : beside_.substr(0, slash);
    }
    name += "/.dag.XXXXXX";
    const int descriptor = ::mkstemp(name.data());
    check(descriptor >= 0);
    (void)::unlink(name.c_str());
    file_.reset(::fdopen(descriptor, "w+b"));
    if (file_ == nullptr) {
      (void)::close(descriptor);
    }
    check(file_ != nullptr);
#endif
  }

  std::string beside_;
  std::string memory_;
  std::size_t place_ = 0;
  OpenFile file_;
};

}  // namespace dag::detail

namespace dag {

/// How a rollout file is read.
struct RolloutFileOptions {
  RowFormat format{};     ///< names of the fields, and whether a row is a sample or a group
  ReadOptions reading{};  ///< how answers and golds are read
  std::optional<Extractor> extract{};  ///< for samples without an answer; none: those are missing
  bool strict = false;                 ///< a bad line is an error, not counted and left out
  std::size_t part = 0;                ///< questions whose `owner_of` among `parts` is another
  std::size_t parts = 1;               ///< are left out, unread but for their names
  std::optional<std::string>
      keep_for{};  ///< the file that `write` will be asked for: lines are kept
  std::size_t max_line_bytes = JsonlOptions{}.max_line_bytes;  ///< longer lines are bad
};

/// A rollout file, read once from front to back: flat answer groups, each sample's own reward, and
/// what there is to say of it. Right is what a sample's verdict says; else whether its answer
/// equals one of the golds as answers do (see Gold), a missing answer being wrong; else not known.
///
/// Memory: that of AnswerGroups, about 40 bytes a sample where lines are gathered, the distinct
/// answers; never the texts. For `write` the lines are kept, in memory while they are few, else in
/// a nameless temporary file beside the file to be written.
/// Errors: Errc::io; Errc::parse for a bad line if `strict`, and where half of the lines or more
/// are bad: the file is something else; invalid_argument unless part < parts.
class RolloutFile {
 public:
  RolloutFile(const std::string& path, const RolloutFileOptions& options) : options_(options) {
    require(options.part < options.parts, Errc::invalid_argument, "RolloutFile: part ",
            options.part, " of ", options.parts, "; parts are counted from 0");
    read(path);
  }

  AnswerGroups groups;
  std::vector<double> own_reward;  ///< a sample's, in the order of `groups`; NaN where it has none
  std::vector<bool> own_verdict;   ///< whether a sample says itself if it is right, same order
  ExtractionReport extraction;
  AnswerAudit audit;
  RecordReport lines;

  /// Writes the lines that were read to `to` with "reward" and "advantage" of each sample added or
  /// replaced, and an answer that was read from its text as "answer"; where `keep_own`, a "reward"
  /// that was there stays as "own_reward". All other bytes stay, in their order. "-": standard
  /// output. Samples that are bare strings get lists "reward" and "advantage" in their line.
  void write(const std::string& to, std::span<const double> reward,
             std::span<const double> advantage, bool keep_own = false) {
    require(spool_ != nullptr, Errc::invalid_argument, "RolloutFile::write: lines were not kept");
    require(reward.size() == groups.samples() && advantage.size() == groups.samples(),
            Errc::dimension_mismatch, "RolloutFile::write: ", groups.samples(), " samples but ",
            reward.size(), " rewards and ", advantage.size(), " advantages");
    AtomicFile file(to);
    std::string line;
    std::string answers;
    std::string out;
    JsonLine json;
    RolloutGroup group;
    std::vector<JsonLine::Index> places;
    std::vector<detail::SampleEdit> edits;
    std::size_t arrival = 0;
    spool_->rewind();
    while (spool_->get(line) && spool_->get(answers)) {
      json.parse(line);
      detail::RowReader(json, options_.format, AnswerField::optional).read(group, places);
      edits.clear();
      std::string_view rest = answers;
      for (std::size_t i = 0; i < places.size(); ++i, ++arrival) {
        const std::size_t at = place_.empty() ? arrival : static_cast<std::size_t>(place_[arrival]);
        edits.push_back({reward[at], advantage[at], detail::take_answer(rest)});
      }
      out.clear();
      detail::splice_samples(json, line, places, edits, keep_own, out);
      out += '\n';
      file.write(out);
    }
    file.commit();
  }

 private:
  void read(const std::string& path) {
    if (options_.keep_for) {
      spool_ = std::make_unique<detail::Spool>(*options_.keep_for);
    }
    GoldJudge judge(options_.reading, options_.extract ? &*options_.extract : nullptr, audit);
    AnswerGroupsBuilder<GoldJudge::Key> builder(judge.key());
    const AnswerField field = options_.extract || options_.format.flat || options_.format.gather
                                  ? AnswerField::optional
                                  : AnswerField::required;
    RolloutReader reader(path, options_.format, field,
                         {.strict = options_.strict, .max_line_bytes = options_.max_line_bytes});
    RolloutGroup group;
    std::string kept;
    while (reader.next(group)) {
      if (options_.parts > 1 && owner_of(group.question_id, options_.parts) != options_.part) {
        continue;
      }
      kept.clear();
      if (!options_.format.gather) {
        builder.begin_group(group.question_id, group.context_id);
      }
      judge.begin(group.gold);
      for (RolloutSample& sample : group.samples) {
        const bool had = sample.answer.has_value();
        if (!had && options_.extract) {
          Extraction found = sample.text ? (*options_.extract)(*sample.text)
                                         : Extraction{ExtractOutcome::no_text, {}};
          extraction.add(found.outcome);
          if (found.found()) {
            sample.answer = std::move(found.answer);
          }
        }
        detail::put_answer(kept, had ? std::optional<std::string>() : sample.answer);
        const std::optional<bool> right =
            sample.correct ? sample.correct : judge.right(sample.answer);
        own_verdict.push_back(sample.correct.has_value());
        own_reward.push_back(sample.reward.value_or(std::numeric_limits<double>::quiet_NaN()));
        if (options_.format.gather) {
          rows_.push_back({row_of(group), sample.answer ? spellings_.intern(*sample.answer) : -1,
                           static_cast<std::int8_t>(right ? static_cast<int>(*right) : -1)});
        } else {
          builder.add(sample.answer, right);
        }
      }
      if (spool_ != nullptr) {
        spool_->put(reader.line());
        spool_->put(kept);
      }
    }
    lines = reader.report();
    if (options_.format.gather) {
      gather(builder);
    }
    groups = builder.finish();
    const bool any = std::any_of(own_reward.begin(), own_reward.end(),
                                 [](double reward) { return reward == reward; });
    if (!any) {
      own_reward.clear();
      own_reward.shrink_to_fit();
    }
  }

  /// The index of (question, context) among the groups that are gathered.
  std::int32_t row_of(const RolloutGroup& group) {
    names_ = std::to_string(group.question_id.size());  // ids may hold any byte
    names_ += ':';
    names_ += group.question_id;
    names_ += group.context_id;
    return keys_.intern(names_);
  }

  /// The samples in the order of their groups, which are those of first appearance.
  template <class Builder>
  void gather(Builder& builder) {
    std::vector<std::int64_t> next(keys_.size() + 1, 0);
    for (const Row& row : rows_) {
      ++next[static_cast<std::size_t>(row.group) + 1];
    }
    for (std::size_t g = 1; g < next.size(); ++g) {
      next[g] += next[g - 1];
    }
    const std::vector<std::int64_t> begin = next;
    std::vector<std::int64_t> order(rows_.size());
    place_.resize(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      place_[i] = next[static_cast<std::size_t>(rows_[i].group)]++;
      order[static_cast<std::size_t>(place_[i])] = static_cast<std::int64_t>(i);
    }
    std::vector<double> own(rows_.size());
    std::vector<bool> verdict(rows_.size());
    for (std::size_t g = 0; g + 1 < begin.size(); ++g) {
      const std::string_view name = keys_[static_cast<std::int32_t>(g)];
      const std::size_t from = name.find(':') + 1;
      std::size_t size = 0;
      for (const char digit : name.substr(0, from - 1)) {
        size = 10 * size + static_cast<std::size_t>(digit - '0');
      }
      builder.begin_group(name.substr(from, size), name.substr(from + size));
      for (auto k = static_cast<std::size_t>(begin[g]); k < static_cast<std::size_t>(begin[g + 1]);
           ++k) {
        const auto i = static_cast<std::size_t>(order[k]);
        const Row& row = rows_[i];
        own[k] = own_reward[i];
        verdict[k] = own_verdict[i];
        builder.add(
            row.answer < 0 ? std::nullopt : std::optional<std::string_view>(spellings_[row.answer]),
            row.right < 0 ? std::nullopt : std::optional<bool>(row.right == 1));
      }
    }
    own_reward = std::move(own);
    own_verdict = std::move(verdict);
    rows_ = {};
    keys_ = {};
    spellings_ = {};
  }

  struct Row {
    std::int32_t group;
    std::int32_t answer;  ///< index into spellings_, -1: missing
    std::int8_t right;
  };

  RolloutFileOptions options_;
  std::unique_ptr<detail::Spool> spool_;
  std::vector<Row> rows_;
  std::vector<std::int64_t> place_;  ///< of the sample that came i-th in `groups`; empty: i
  StringInterner keys_;
  StringInterner spellings_;
  std::string names_;
};

/// The groups of a rollout file in which no line may be bad (texts are not kept): group g is line
/// g + 1, samples in the order of the file. The same (question, context) on two lines makes two
/// groups of equal weight, counted by `describe`. An empty file has no groups.
[[nodiscard]] inline AnswerGroups read_rollouts(const std::string& path,
                                                RolloutFileOptions options = {}) {
  options.strict = true;
  return std::move(RolloutFile(path, options).groups);
}

}  // namespace dag
