// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <dag/text/answer_audit.hpp>
#include <dag/text/answer_language.hpp>
#include <dag/text/extractor.hpp>

namespace dag {

/// How an answer compares with a gold.
struct GoldVerdict {
  bool equal = false;
  std::string_view rule;  ///< which made them equal, or what keeps the answer from the last one
  std::size_t alias = 0;  ///< the gold that it was compared with
};

/// The answers read last, by their spelling: samples of a question repeat each other. Of a fixed
/// size; a spelling takes the place of another.
class ReadMemo {
 public:
  explicit ReadMemo(const ReadOptions& options) : options_(options) {}

  /// Valid until the next call.
  [[nodiscard]] const ReadAnswer& operator()(std::string_view answer) {
    if (answer.size() > longest || detail::is_plain_integer(answer)) {
      return last_ = read_answer(answer, options_);
    }
    slots_.resize(slots);
    Slot& slot = slots_[std::hash<std::string_view>{}(answer) % slots];
    if (!slot.used || slot.spelling != answer) {
      slot = {true, std::string(answer), read_answer(answer, options_)};
    }
    return slot.read;
  }

 private:
  static constexpr std::size_t slots = 4096;
  static constexpr std::size_t longest = 200;
  struct Slot {
    bool used = false;
    std::string spelling;
    ReadAnswer read;
  };
  ReadOptions options_;
  std::vector<Slot> slots_;
  ReadAnswer last_;
};

/// A right answer with its aliases, read as answers are. Where a gold is worked out (a solution
/// with a box or "####", or what the extractor finds by a marker), what it ends in is the right
/// answer too. An empty gold is none.
class Gold {
 public:
  Gold() = default;
  Gold(const std::vector<std::string>& aliases, const Extractor* extract,
       const ReadOptions& options)
      : Gold(aliases, extract, options,
             [&](std::string_view text) { return read_answer(text, options); }) {}

  /// The same, read by `read`.
  template <class Read>
  Gold(const std::vector<std::string>& aliases, const Extractor* extract,
       const ReadOptions& options, Read&& read)
      : options_(options) {
    static const Extractor boxed("boxed");
    for (std::size_t i = 0; i < aliases.size(); ++i) {
      const Extraction worked =
          extract != nullptr ? extract->worked(aliases[i]) : boxed.worked(aliases[i]);
      shown_.push_back(candidates_.size());
      if (worked.found()) {
        add(read(worked.answer), i);
      }
      if (!detail::blank(aliases[i])) {
        add(read(aliases[i]), i);
      }
    }
  }

  /// The key of an alias as it is compared first; empty where it holds nothing.
  [[nodiscard]] std::string key(std::size_t alias) const {
    const std::size_t at = alias < shown_.size() ? shown_[alias] : candidates_.size();
    return at < candidates_.size() && candidates_[at].second == alias ? candidates_[at].first.key
                                                                      : std::string();
  }

  /// Whether none of it was understood.
  [[nodiscard]] bool unread() const noexcept {
    for (const auto& [read, alias] : candidates_) {
      if (read.form != AnswerForm::unread && read.form != AnswerForm::empty) {
        return false;
      }
    }
    return true;
  }

  [[nodiscard]] GoldVerdict judge(const ReadAnswer& answer) const {
    GoldVerdict first{false, "no gold", 0};
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      const auto& [read, alias] = candidates_[i];
      const Equality equality = equal_answers(answer, read, options_);
      if (equality.equal) {
        return {true, equality.rule, alias};
      }
      first = i == 0 ? GoldVerdict{false, equality.rule, alias} : first;
    }
    return first;
  }

 private:
  /// What says nothing (\text{}) is no gold.
  void add(ReadAnswer read, std::size_t alias) {
    if (options_.exact || !read.key.empty()) {
      candidates_.emplace_back(std::move(read), alias);
    }
  }

  ReadOptions options_;
  std::vector<std::pair<ReadAnswer, std::size_t>> candidates_;
  std::vector<std::size_t> shown_;
};

/// Judges the answers of a file group by group, and counts what came of it.
class GoldJudge {
 public:
  GoldJudge(const ReadOptions& options, const Extractor* extract, AnswerAudit& audit)
      : state_(std::make_shared<State>(options, audit)), extract_(extract) {}

  struct State;
  /// The key of an answer, for AnswerGroupsBuilder; counts each spelling it is asked for.
  struct Key {
    std::shared_ptr<State> state;
    void operator()(std::string_view answer, std::string& key) const {
      const ReadAnswer& read = state->read(answer);
      AnswerAudit& audit = state->audit;
      ++audit.answers;
      audit.answers_unread += read.form == AnswerForm::unread ? 1 : 0;
      const auto [at, first] =
          state->plainest.try_emplace(std::hash<std::string>{}(read.key), read.rules);
      if (!first) {
        // Of a key's spellings the plainest stays, whichever came first; the others were merged.
        ++audit.merged;
        const AnswerRuleSet merged = std::max(at->second, read.rules);
        at->second = std::min(at->second, read.rules);
        for (const AnswerRuleInfo& info : answer_rules()) {
          audit.merged_by[static_cast<std::size_t>(info.rule)] +=
              merged.contains(info.rule) ? 1 : 0;
        }
      }
      key = read.key;
    }
    [[nodiscard]] bool no_answer(std::string_view key) const noexcept {
      return key.empty() && !state->options.exact;
    }
  };
  [[nodiscard]] Key key() const { return {state_}; }

  /// The golds of the answers to come.
  void begin(const std::vector<std::string>& golds) {
    if (golds == golds_ && begun_) {
      return;
    }
    begun_ = true;
    golds_ = golds;
    verdicts_.clear();
    gold_ = Gold(golds_, extract_, state_->options, state_->read);
    std::string whole;
    for (const std::string& one : golds_) {
      whole += one;
      whole += '\0';
    }
    golds_hash_ = std::hash<std::string>{}(whole);
    if (!golds_.empty() && golds_seen_.insert(golds_hash_).second) {
      ++state_->audit.golds;
      state_->audit.golds_unread += gold_.unread() ? 1 : 0;
    }
  }

  /// Whether an answer is right; not known without a gold.
  [[nodiscard]] std::optional<bool> right(const std::optional<std::string>& answer) {
    if (golds_.empty()) {
      return std::nullopt;
    }
    if (!answer) {
      return false;
    }
    const auto [at, fresh] = verdicts_.try_emplace(*answer, false);
    if (fresh) {
      const GoldVerdict verdict = gold_.judge(state_->read(*answer));
      at->second = verdict.equal;
      // Once a file, wherever its lines stand.
      const std::size_t pair = golds_hash_ * 1'099'511'628'211U ^ std::hash<std::string>{}(*answer);
      if (verdict.equal && matched_.insert(pair).second) {
        ++state_->audit.matched_by[std::string(verdict.rule)];
      }
    }
    return at->second;
  }

  /// What the keys and verdicts of one judge share.
  struct State {
    State(const ReadOptions& o, AnswerAudit& a) : options(o), audit(a), read(o) {}
    ReadOptions options;
    AnswerAudit& audit;
    ReadMemo read;
    std::unordered_map<std::size_t, AnswerRuleSet> plainest;  ///< of the spellings, by key
  };

 private:
  std::shared_ptr<State> state_;
  const Extractor* extract_;
  std::vector<std::string> golds_;
  std::size_t golds_hash_ = 0;
  std::unordered_set<std::size_t> matched_;  ///< golds and answers, equal
  bool begun_ = false;
  Gold gold_;
  std::unordered_map<std::string, bool> verdicts_;
  std::unordered_set<std::size_t> golds_seen_;
};

}  // namespace dag
