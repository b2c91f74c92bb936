// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <dag/answers/group.hpp>
#include <dag/answers/question_information.hpp>
#include <dag/answers/rollout_batch.hpp>
#include <dag/policy/advantage.hpp>
#include <dag/text/answer_key.hpp>
#include <dag/text/read_options.hpp>
#include <dag/train/answer_objective.hpp>

#include "module.hpp"
#include "objective.hpp"
#include "report.hpp"
#include "reward_plan.hpp"
#include "reward_terms.hpp"

namespace dag_python {
namespace {

/// Answers in groups; `order[i]` is the row of the caller that sample i of the groups came from.
struct Groups {
  dag::AnswerGroups groups;
  std::vector<std::int64_t> order;
  std::vector<bool> own_verdict;  ///< samples, of the groups' order

  /// Values by sample in the caller's order.
  template <class T>
  [[nodiscard]] std::vector<T> by_row(std::vector<T> values) const {
    if (order.empty()) {
      return values;
    }
    std::vector<T> out(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      out[static_cast<std::size_t>(order[i])] = values[i];
    }
    return out;
  }
};

dag::AnswerKey key_of(const std::string& key) {
  dag::require(key == "canonical" || key == "exact", dag::Errc::invalid_argument,
               "Groups: key must be 'canonical' or 'exact', got '", key, "'");
  return dag::AnswerKey{key == "exact" ? dag::exact_answers : dag::ReadOptions{}};
}

/// The texts of a column; one that is missing has no data.
using Texts = std::vector<std::string_view>;
Texts texts(const nb::tuple& column, const char* what, bool may_miss) {
  Texts out(column.size());
  PyObject* last = nullptr;  // columns repeat a question's name: often the very object
  for (std::size_t i = 0; i < out.size(); ++i) {
    PyObject* entry = PyTuple_GetItem(column.ptr(), static_cast<Py_ssize_t>(i));  // borrowed
    if (entry == last) {
      out[i] = out[i - 1];
    } else {
      out[i] = entry == Py_None && may_miss ? std::string_view() : utf8(entry, what);
      last = entry;
    }
  }
  return out;
}
std::optional<std::string_view> given(std::string_view text) {
  return text.data() == nullptr ? std::nullopt : std::optional(text);
}

std::vector<std::optional<bool>> verdicts(const std::optional<nb::tuple>& column) {
  std::vector<std::optional<bool>> out;
  if (column) {
    for (nb::handle entry : *column) {
      dag::require(entry.is_none() || PyBool_Check(entry.ptr()), dag::Errc::invalid_argument,
                   "Groups: right must hold True, False and None, got ",
                   std::string(nb::repr(entry).c_str()).substr(0, 80));
      out.push_back(entry.is_none() ? std::nullopt : std::optional(entry.ptr() == Py_True));
    }
  }
  return out;
}

void same_size(std::size_t size, const char* name, std::size_t n, const char* of) {
  dag::require(size == n, dag::Errc::dimension_mismatch, "Groups: ", size, " entries of ", name,
               " for ", n, " ", of);
}

/// A list or tuple of names, read as it lies: only while the interpreter's lock is held.
class Names {
 public:
  Names(const nb::object& column, const char* what) : column_(column), what_(what) {
    list_ = PyList_Check(column.ptr()) != 0;
    size_ = static_cast<std::size_t>(list_ ? PyList_Size(column.ptr())
                                           : PyTuple_Size(column.ptr()));
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// The id of entry i. A column repeats a question's name: often the very object.
  std::int32_t id(std::size_t i) {
    const auto place = static_cast<Py_ssize_t>(i);
    PyObject* entry = list_ ? PyList_GetItem(column_.ptr(), place)
                            : PyTuple_GetItem(column_.ptr(), place);  // borrowed
    if (entry != last_) {
      last_id_ = names_.intern(utf8(entry, what_));
      last_ = entry;
    }
    return last_id_;
  }
  [[nodiscard]] std::string_view operator[](std::int32_t id) const { return names_[id]; }

 private:
  nb::object column_;
  const char* what_;
  bool list_;
  std::size_t size_;
  PyObject* last_ = nullptr;
  std::int32_t last_id_ = -1;
  dag::StringInterner names_;
};

/// The group of each row, in the order of first appearance.
struct Grouping {
  struct Group {
    std::int32_t question, context;
    std::size_t first;  ///< a row of it
  };
  std::vector<Group> groups;
  std::vector<std::int64_t> begin{0};
  std::vector<std::int64_t> order;  ///< empty: rows are in the order of their groups
};
Grouping group_rows(Names& questions, Names& contexts) {
  const std::size_t n = questions.size();
  Grouping out;
  std::unordered_map<std::uint64_t, std::int32_t> known;
  std::vector<std::int64_t> count;
  std::vector<std::int32_t> group(n);
  bool in_order = true;
  std::uint64_t last = ~std::uint64_t{0};
  std::int32_t current = -1;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int32_t q = questions.id(i);
    const std::int32_t c = contexts.id(i);
    const std::uint64_t pair =
        std::uint64_t{static_cast<std::uint32_t>(q)} << 32 | static_cast<std::uint32_t>(c);
    if (pair != last) {
      const auto [place, fresh] =
          known.try_emplace(pair, static_cast<std::int32_t>(out.groups.size()));
      if (fresh) {
        out.groups.push_back({q, c, i});
        count.push_back(0);
      }
      in_order = in_order && fresh;
      current = place->second;
      last = pair;
    }
    group[i] = current;
    ++count[static_cast<std::size_t>(current)];
  }
  for (const std::int64_t size : count) {
    out.begin.push_back(out.begin.back() + size);
  }
  if (in_order) {
    return out;
  }
  out.order.resize(n);
  std::vector<std::int64_t> next(out.begin.begin(), out.begin.end() - 1);
  for (std::size_t i = 0; i < n; ++i) {
    out.order[static_cast<std::size_t>(next[static_cast<std::size_t>(group[i])]++)] =
        static_cast<std::int64_t>(i);
  }
  return out;
}

/// Rows of single samples: one question, context, answer (and gold, verdict) a row. Names are read
/// with the interpreter's lock held, and answers without: tuples, so that nobody takes their texts
/// away.
Groups groups_of_rows(const nb::object& question, const nb::object& context,
                      const nb::tuple& answer, const std::optional<nb::tuple>& gold,
                      const std::optional<nb::tuple>& right, const std::string& key) {
  const std::size_t n = answer.size();
  Names questions(question, "Groups: question");
  Names contexts(context, "Groups: context");
  same_size(questions.size(), "question", n, "answers");
  same_size(contexts.size(), "context", n, "answers");
  same_size(gold ? gold->size() : n, "gold", n, "answers");
  same_size(right ? right->size() : n, "right", n, "answers");
  Grouping rows = group_rows(questions, contexts);
  const auto a = texts(answer, "Groups: answer", true);
  const auto g = gold ? texts(*gold, "Groups: gold", true) : Texts{};
  const auto verdict = verdicts(right);
  const nb::gil_scoped_release free;
  Groups out;
  dag::AnswerGroupsBuilder<dag::AnswerKey> builder(key_of(key));
  builder.reserve(n, rows.groups.size());
  out.own_verdict.resize(n);
  for (std::size_t group = 0; group < rows.groups.size(); ++group) {
    const auto& [q, c, first] = rows.groups[group];
    const std::string_view right_one = g.empty() ? std::string_view() : g[first];
    builder.begin_group(questions[q], contexts[c], given(right_one));
    for (auto i = rows.begin[group]; i < rows.begin[group + 1]; ++i) {
      const auto place = static_cast<std::size_t>(i);
      const auto row = rows.order.empty() ? place : static_cast<std::size_t>(rows.order[place]);
      dag::require(g.empty() || g[row] == right_one, dag::Errc::invalid_argument,
                   "Groups: question '", questions[q], "', context '", contexts[c],
                   "' has two golds, '", right_one, "' and '",
                   g.empty() ? std::string_view() : g[row], "'");
      builder.add(given(a[row]), verdict.empty() ? std::nullopt : verdict[row]);
      if (!verdict.empty()) {
        out.own_verdict[place] = verdict[row].has_value();
      }
    }
  }
  out.groups = builder.finish();
  dag::sort_answers(out.groups);  // nothing depends on the order of rows
  out.order = std::move(rows.order);
  return out;
}

/// Rows of whole groups: a tuple of answers a row.
Groups groups_of_lists(const nb::tuple& question, const nb::tuple& context,
                       const nb::tuple& answers, const std::optional<nb::tuple>& gold,
                       const std::string& key) {
  const std::size_t n = answers.size();
  same_size(question.size(), "question", n, "lists of answers");
  same_size(context.size(), "context", n, "lists of answers");
  same_size(gold ? gold->size() : n, "gold", n, "lists of answers");
  const auto q = texts(question, "Groups: question", false);
  const auto c = texts(context, "Groups: context", false);
  const auto g = gold ? texts(*gold, "Groups: gold", true) : Texts(n);
  std::vector<Texts> a;
  std::vector<nb::tuple> rows;  // lists are copied: nobody takes their texts away
  a.reserve(n);
  rows.reserve(n);
  for (nb::handle row : answers) {
    if (!PyList_Check(row.ptr()) && !PyTuple_Check(row.ptr())) {  // texts are made on failure alone
      dag::fail(dag::Errc::invalid_argument, "Groups: answers must be lists, got ",
                std::string(nb::repr(row).c_str()).substr(0, 80));
    }
    rows.push_back(nb::tuple(row));
    a.push_back(texts(rows.back(), "Groups: answer", true));
  }
  const nb::gil_scoped_release free;
  Groups out;
  dag::AnswerGroupsBuilder<dag::AnswerKey> builder(key_of(key));
  for (std::size_t group = 0; group < n; ++group) {
    builder.begin_group(q[group], c[group], given(g[group]));
    for (const std::string_view answer : a[group]) {
      builder.add(given(answer));
    }
  }
  out.groups = builder.finish();
  dag::sort_answers(out.groups);
  out.own_verdict.resize(out.groups.samples());
  return out;
}

Groups groups_of_ids(const Array& ids, const std::optional<Array>& offsets,
                     const std::optional<Array>& question) {
  std::vector<std::int32_t> narrow;
  const auto answer = view_ids(ids, narrow, "from_ids: ids");
  std::vector<std::int64_t> begin;
  if (offsets) {
    const auto given = view<std::int64_t>(*offsets, "from_ids: offsets");
    begin.assign(given.begin(), given.end());
  } else {
    dag::require(ids.ndim() == 2, dag::Errc::dimension_mismatch,
                 "from_ids: ids must have two dimensions (groups x samples), or come with "
                 "offsets; got ", ids.ndim());
    begin = dag::uniform_offsets<std::int64_t>(ids.shape(0), ids.shape(1));
  }
  dag::require(!begin.empty() && begin.front() == 0 &&
                   begin.back() == static_cast<std::int64_t>(answer.size()),
               dag::Errc::dimension_mismatch, "from_ids: offsets must run from 0 to ",
               answer.size());
  for (std::size_t g = 0; g + 1 < begin.size(); ++g) {
    dag::require(begin[g] <= begin[g + 1], dag::Errc::invalid_argument,
                 "from_ids: offsets must not decrease, entry ", g + 1, " is ", begin[g + 1],
                 " after ", begin[g]);
  }
  std::vector<std::int32_t> narrow_question;
  dag::RolloutBatch<double> batch{.groups = begin, .answer = answer, .tokens = {}, .log_prob = {}};
  if (question) {
    batch.question = view_ids(*question, narrow_question, "from_ids: question");
    dag::require(batch.question.size() + 1 == begin.size(), dag::Errc::dimension_mismatch,
                 "from_ids: ", batch.question.size(), " questions for ", begin.size() - 1,
                 " groups");
  }
  const nb::gil_scoped_release free;
  Groups out;
  out.groups = dag::answer_groups(batch);
  dag::sort_answers(out.groups);
  out.own_verdict.resize(out.groups.samples());
  return out;
}

/// A request from keywords.
cli::RewardRequest request_of(const std::string& utility, const std::string& estimator,
                              const nb::dict& fields) {
  cli::RewardRequest request;
  request.utility = utility;
  request.estimator = estimator;
  read_fields(fields, "rewards",
              {Field::into("weight", request.weight), Field::into("order", request.order),
               Field::into("k", request.k), Field::into("terms", request.terms),
               Field::into("q", request.q), Field::into("vote_of", request.vote_of),
               Field::into("smoothing", request.smoothing),
               Field::into("penalty", request.penalty), Field::into("epsilon", request.epsilon),
               Field::into("target", request.target), Field::into("values", request.values),
               Field::into("mixture", request.mixture),
               Field::into("multipliers", request.multipliers),
               Field::into("bounds", request.bounds), Field::into("ground", request.ground),
               Field::into("shaping", request.shaping)});
  return request;
}

/// As `dag rewards` computes them: utilities and terms of a sum, samples without an answer and
/// without a verdict of their own without a reward.
nb::tuple rewards(const Groups& self, const std::string& utility, const std::string& estimator,
                  const std::string& advantage, const std::optional<Array>& own,
                  const Groups* reference, const nb::dict& fields) {
  cli::RewardRequest request = request_of(utility, estimator, fields);
  request.advantage = advantage;
  request.reference = reference != nullptr ? "reference" : "";
  std::vector<double> own_reward;
  if (own) {
    const auto given = view<double>(*own, "rewards: own");
    dag::require(given.size() == self.groups.samples(), dag::Errc::dimension_mismatch,
                 "rewards: ", given.size(), " own rewards for ", self.groups.samples(),
                 " samples");
    own_reward.resize(given.size());
    for (std::size_t i = 0; i < given.size(); ++i) {
      own_reward[i] = given[self.order.empty() ? i : static_cast<std::size_t>(self.order[i])];
    }
  }
  cli::Rewards found;
  {
    const nb::gil_scoped_release free;
    const cli::RewardRun run = cli::plan_run(std::move(request));
    dag::require(run.terms.own == 0 || own.has_value(), dag::Errc::invalid_argument,
                 "rewards: the term own needs own=, a reward a sample");
    found = cli::run_rewards(run, self.groups, own_reward, self.own_verdict, true,
                             [&](const std::string&) { return reference->groups; });
    for (double& a : found.advantage) {
      a += 0.0;  // -0 is 0
    }
    found.reward = self.by_row(std::move(found.reward));
    found.advantage = self.by_row(std::move(found.advantage));
    if (!found.factor.empty()) {
      found.factor = self.by_row(std::move(found.factor));
    }
  }
  nb::dict report = report_of(found.advantages);
  report["floored_samples"] = found.consensus.floored_samples;
  report["single_context_questions"] = found.consensus.single_context_questions;
  const nb::object factor =
      found.factor.empty() ? nb::object(nb::none()) : give(std::move(found.factor));
  return nb::make_tuple(give(std::move(found.reward)), give(std::move(found.advantage)), report,
                        factor);
}

nb::object signals(const Groups& self, const std::string& utility, const std::string& estimator,
                   double smoothing) {
  std::vector<double> out(self.groups.samples());
  {
    const nb::gil_scoped_release free;
    dag::AnyObjective objective = objective_of(utility, estimator, smoothing, &self.groups);
    dag::question_signals(objective, self.groups, std::span<double>(out));
    out = self.by_row(std::move(out));
  }
  return give(std::move(out));
}

nb::dict report(const Groups& self) {
  const dag::GroupReport found = dag::describe(self.groups);
  nb::dict d;
  d["questions"] = found.questions;
  d["contexts"] = found.contexts;
  d["groups"] = found.groups;
  d["samples"] = found.samples;
  d["missing_answers"] = found.missing_answers;
  d["unjudged_samples"] = found.unjudged_samples;
  d["singleton_groups"] = found.singleton_groups;
  d["unanswered_groups"] = found.unanswered_groups;
  d["unanimous_groups"] = found.unanimous_groups;
  d["duplicate_groups"] = found.duplicate_groups;
  return d;
}

}  // namespace

void add_groups(nb::module_& m) {
  nb::class_<Groups>(m, "_Groups")
      .def_static("of_rows", &groups_of_rows, nb::arg("question"), nb::arg("context"),
                  nb::arg("answer"), nb::arg("gold").none(), nb::arg("right").none(),
                  nb::arg("key"))
      .def_static("of_lists", &groups_of_lists, nb::arg("question"), nb::arg("context"),
                  nb::arg("answers"), nb::arg("gold").none(), nb::arg("key"))
      .def_static("of_ids", &groups_of_ids, nb::arg("ids"), nb::arg("offsets").none(),
                  nb::arg("question").none())
      .def("rewards", &rewards, nb::arg("utility"), nb::arg("estimator"), nb::arg("advantage"),
           nb::arg("own").none(), nb::arg("reference").none(), nb::arg("fields"))
      .def("signals", &signals, nb::arg("utility"), nb::arg("estimator"), nb::arg("smoothing"))
      .def("__len__", [](const Groups& self) { return self.groups.samples(); })
      .def("offsets",
           [](const Groups& self) { return give(std::vector<std::int64_t>(self.groups.begin)); })
      .def("order", [](const Groups& self) { return give(std::vector<std::int64_t>(self.order)); })
      .def("ids", [](const Groups& self) { return give(self.by_row(self.groups.answer)); })
      .def("right", [](const Groups& self) { return give(self.by_row(self.groups.right)); })
      .def("require",
           [](const Groups& self, std::size_t contexts, std::size_t samples) {
             self.groups.require(contexts, samples);
           })
      .def("information",
           [](const Groups& self) {
             const nb::gil_scoped_release free;
             return dag::question_information(self.groups);
           })
      .def("report", &report);
}

}  // namespace dag_python
