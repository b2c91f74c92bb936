// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The native half of dag_games. Arrays come and go as views (NumPy, DLPack on the CPU); every
// computation releases the interpreter's lock; errors of the library become dag_games.Error.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <dag/answers/group.hpp>
#include <dag/answers/reward.hpp>
#include <dag/answers/rollout_batch.hpp>
#include <dag/estimate/reward_table.hpp>
#include <dag/io/problems.hpp>
#include <dag/policy/advantage.hpp>
#include <dag/policy/policy_loss.hpp>
#include <dag/policy/policy_loss_presets.hpp>
#include <dag/text/answer_key.hpp>
#include <dag/text/extractor.hpp>
#include <dag/version.hpp>

#include "reward_plan.hpp"
#include "solve_report.hpp"
#include "solve_run.hpp"
#include "solver_list.hpp"

namespace nb = nanobind;

namespace {

using Array = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;
using Writable = nb::ndarray<nb::c_contig, nb::device::cpu>;

// --- arrays -----------------------------------------------------------------------------------

template <class T>
constexpr const char* type_name() {
  if constexpr (std::is_same_v<T, float>) {
    return "float32";
  } else if constexpr (std::is_same_v<T, double>) {
    return "float64";
  } else if constexpr (std::is_same_v<T, std::int32_t>) {
    return "int32";
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return "int64";
  } else {
    return "uint8";
  }
}

std::string text_of(nb::dlpack::dtype type) {
  const char* kind = "unknown";
  switch (static_cast<nb::dlpack::dtype_code>(type.code)) {
    case nb::dlpack::dtype_code::Int: kind = "int"; break;
    case nb::dlpack::dtype_code::UInt: kind = "uint"; break;
    case nb::dlpack::dtype_code::Float: kind = "float"; break;
    case nb::dlpack::dtype_code::Bfloat: kind = "bfloat"; break;
    case nb::dlpack::dtype_code::Complex: kind = "complex"; break;
    case nb::dlpack::dtype_code::Bool: kind = "bool"; break;
    default: break;
  }
  return std::string(kind) + std::to_string(type.bits);
}

/// The entries of an array of type T. No conversion: another type is refused by name.
template <class T, class Any>
std::span<const T> view(const Any& array, const char* name) {
  dag::require(array.dtype() == nb::dtype<T>(), dag::Errc::invalid_argument, name, " must be ",
               type_name<T>(), ", got ", text_of(array.dtype()),
               "; convert it where it is made, nothing is converted here");
  return {static_cast<const T*>(array.data()), array.size()};
}
template <class T>
std::span<const T> view(const std::optional<Array>& array, const char* name) {
  return array ? view<T>(*array, name) : std::span<const T>{};
}
template <class T>
std::span<T> room(Writable& array, std::size_t size, const char* name) {
  dag::require(array.dtype() == nb::dtype<T>(), dag::Errc::invalid_argument, name, " must be ",
               type_name<T>(), ", got ", text_of(array.dtype()));
  dag::require(array.size() == size, dag::Errc::dimension_mismatch, name, " has room for ",
               array.size(), " entries, ", size, " are needed");
  return {static_cast<T*>(array.data()), array.size()};
}

/// A vector handed over to NumPy without a copy.
template <class T>
nb::object give(std::vector<T>&& values, std::vector<std::size_t> shape = {}) {
  auto* home = new std::vector<T>(std::move(values));
  nb::capsule owner(home, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  if (shape.empty()) {
    shape.push_back(home->size());
  }
  return nb::cast(nb::ndarray<nb::numpy, T>(home->data(), shape.size(), shape.data(), owner));
}

// --- groups -----------------------------------------------------------------------------------

/// Answers in groups; `order[i]` is the row of the caller that sample i of the groups came from.
struct Groups {
  dag::AnswerGroups groups;
  std::vector<std::int64_t> order;

  /// Values by sample in the caller's order.
  template <class T>
  std::vector<T> by_row(const std::vector<T>& values) const {
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

std::string_view utf8(nb::handle text, const char* what) {
  Py_ssize_t size = 0;
  const char* data = PyUnicode_Check(text.ptr()) ? PyUnicode_AsUTF8AndSize(text.ptr(), &size)
                                                 : nullptr;
  if (data == nullptr) {
    PyErr_Clear();
    dag::fail(dag::Errc::invalid_argument, what, " must be a str (well-formed Unicode), got ",
              std::string(nb::str(nb::repr(text)).c_str()).substr(0, 80));
  }
  return {data, static_cast<std::size_t>(size)};
}
/// None: no answer.
std::optional<std::string_view> optional_utf8(nb::handle text, const char* what) {
  return text.is_none() ? std::nullopt : std::optional(utf8(text, what));
}

dag::AnswerKey key_of(const std::string& key) {
  dag::require(key == "canonical" || key == "exact", dag::Errc::invalid_argument,
               "Groups: key must be 'canonical' or 'exact', got '", key, "'");
  return dag::AnswerKey{key == "exact" ? dag::exact_answers : dag::ReadOptions{}};
}

/// Rows of single samples: one question, context, answer (and gold, verdict) a row.
Groups groups_of_rows(const nb::list& question, const nb::list& context, const nb::list& answer,
                      const std::optional<nb::list>& gold, const std::string& key) {
  const std::size_t n = answer.size();
  const auto same = [&](std::size_t size, const char* name) {
    dag::require(size == n, dag::Errc::dimension_mismatch, "Groups: ", size, " ", name, "s for ", n,
                 " answers; give one a sample");
  };
  same(question.size(), "question");
  same(context.size(), "context");
  if (gold) {
    same(gold->size(), "gold");
  }
  // Group of each row, in the order of first appearance.
  std::vector<std::int32_t> group(n);
  std::vector<std::int64_t> begin(1, 0);
  std::vector<std::size_t> first;
  {
    dag::StringInterner questions;
    dag::StringInterner contexts;
    std::unordered_map<std::uint64_t, std::int32_t> known;
    std::vector<std::int64_t> count;
    for (std::size_t i = 0; i < n; ++i) {
      const auto q = static_cast<std::uint32_t>(questions.intern(utf8(question[i], "question")));
      const auto c = static_cast<std::uint32_t>(contexts.intern(utf8(context[i], "context")));
      const auto [place, fresh] =
          known.try_emplace(std::uint64_t{q} << 32 | c, static_cast<std::int32_t>(first.size()));
      if (fresh) {
        first.push_back(i);
        count.push_back(0);
      }
      group[i] = place->second;
      ++count[static_cast<std::size_t>(group[i])];
    }
    for (const std::int64_t size : count) {
      begin.push_back(begin.back() + size);
    }
  }
  Groups out;
  out.order.resize(n);
  std::vector<std::int64_t> next(begin.begin(), begin.end() - 1);
  for (std::size_t i = 0; i < n; ++i) {
    out.order[static_cast<std::size_t>(next[static_cast<std::size_t>(group[i])]++)] =
        static_cast<std::int64_t>(i);
  }
  dag::AnswerGroupsBuilder<dag::AnswerKey> builder(key_of(key));
  builder.reserve(n, first.size());
  for (std::size_t g = 0; g < first.size(); ++g) {
    const std::size_t row = first[g];
    builder.begin_group(utf8(question[row], "question"), utf8(context[row], "context"),
                        gold ? optional_utf8((*gold)[row], "gold") : std::nullopt);
    for (auto i = begin[g]; i < begin[g + 1]; ++i) {
      builder.add(optional_utf8(answer[static_cast<std::size_t>(out.order[static_cast<std::size_t>(i)])], "answer"));
    }
  }
  out.groups = builder.finish();
  return out;
}

/// Rows of whole groups: a list of answers a row.
Groups groups_of_lists(const nb::list& question, const nb::list& context, const nb::list& answers,
                       const std::optional<nb::list>& gold, const std::string& key) {
  const std::size_t n = answers.size();
  const auto same = [&](std::size_t size, const char* name) {
    dag::require(size == n, dag::Errc::dimension_mismatch, "Groups: ", size, " ", name, "s for ", n,
                 " lists of answers");
  };
  same(question.size(), "question");
  same(context.size(), "context");
  if (gold) {
    same(gold->size(), "gold");
  }
  dag::AnswerGroupsBuilder<dag::AnswerKey> builder(key_of(key));
  for (std::size_t g = 0; g < n; ++g) {
    builder.begin_group(utf8(question[g], "question"), utf8(context[g], "context"),
                        gold ? optional_utf8((*gold)[g], "gold") : std::nullopt);
    for (nb::handle answer : nb::cast<nb::list>(answers[g])) {
      builder.add(optional_utf8(answer, "answer"));
    }
  }
  return {builder.finish(), {}};
}

Groups groups_of_ids(const Array& ids, const std::optional<Array>& offsets,
                     const std::optional<Array>& question) {
  const auto answer = view<std::int32_t>(ids, "from_ids: ids");
  std::vector<std::int64_t> begin;
  if (offsets) {
    const auto given = view<std::int64_t>(*offsets, "from_ids: offsets");
    begin.assign(given.begin(), given.end());
  } else {
    dag::require(ids.ndim() == 2, dag::Errc::dimension_mismatch,
                 "from_ids: ids must have two dimensions (groups x samples), or come with offsets; "
                 "got ", ids.ndim());
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
  dag::RolloutBatch<double> batch{.groups = begin, .answer = answer, .tokens = {}, .log_prob = {}};
  batch.question = view<std::int32_t>(question, "from_ids: question");
  dag::require(batch.question.empty() || batch.question.size() + 1 == begin.size(),
               dag::Errc::dimension_mismatch, "from_ids: ", batch.question.size(),
               " questions for ", begin.size() - 1, " groups");
  Groups out;
  {
    nb::gil_scoped_release free;
    out.groups = dag::answer_groups(batch);
  }
  return out;
}

nb::dict report_of(const dag::AdvantageReport& a, const dag::ConsensusReport& c) {
  nb::dict d;
  d["samples"] = a.samples;
  d["groups"] = a.groups;
  d["unscored_samples"] = a.unscored_samples;
  d["unscored_groups"] = a.unscored_groups;
  d["singleton_groups"] = a.singleton_groups;
  d["dead_groups"] = a.zero_variance_groups;
  d["floored_samples"] = c.floored_samples;
  d["single_context_questions"] = c.single_context_questions;
  return d;
}

/// Fills a request from keywords. Every keyword is known or refused.
cli::RewardRequest request_of(const std::string& utility, const std::string& estimator,
                              const nb::dict& fields) {
  cli::RewardRequest request;
  request.utility = utility;
  request.estimator = estimator;
  for (const auto& [name, value] : fields) {
    const std::string_view key = utf8(name, "a keyword");
    try {
      if (key == "weight") {
        request.weight = nb::cast<double>(value);
      } else if (key == "order") {
        request.order = nb::cast<double>(value);
      } else if (key == "k") {
        request.k = nb::cast<int>(value);
      } else if (key == "smoothing") {
        request.smoothing = nb::cast<double>(value);
      } else if (key == "exact") {
        request.reading.exact = nb::cast<bool>(value);
      } else if (key == "penalty") {
        request.penalty = nb::cast<double>(value);
      } else if (key == "epsilon") {
        request.epsilon = nb::cast<double>(value);
      } else if (key == "target") {
        request.target = nb::cast<std::string>(value);
      } else if (key == "values") {
        request.values = nb::cast<std::string>(value);
      } else if (key == "mixture") {
        request.mixture = nb::cast<std::string>(value);
      } else if (key == "multipliers") {
        request.multipliers = nb::cast<std::string>(value);
      } else if (key == "bounds") {
        request.bounds = nb::cast<std::string>(value);
      } else if (key == "ground") {
        request.ground = nb::cast<std::string>(value);
      } else {
        dag::fail(dag::Errc::invalid_argument, "rewards: no field is called '", key,
                  "'; there are weight, order, k, smoothing, exact, penalty, epsilon, target, "
                  "values, mixture, multipliers, bounds, ground");
      }
    } catch (const nb::cast_error&) {
      dag::fail(dag::Errc::invalid_argument, "rewards: ", key, " is of the wrong type: ",
                nb::repr(value).c_str());
    }
  }
  return request;
}

nb::tuple rewards(const Groups& self, const std::string& utility, const std::string& estimator,
                  const std::string& advantage, const nb::dict& fields) {
  cli::RewardRequest request = request_of(utility, estimator, fields);
  request.advantage = advantage;
  cli::Rewards found;
  {
    nb::gil_scoped_release free;
    const auto none = [](const std::string&) -> dag::AnswerGroups {
      dag::fail(dag::Errc::unsupported,
                "rewards: a frozen consensus of another file is read by the program dag only");
    };
    found = cli::compute_rewards(self.groups, cli::plan_rewards(request), none);
    found.reward = self.by_row(found.reward);
    found.advantage = self.by_row(found.advantage);
  }
  return nb::make_tuple(give(std::move(found.reward)), give(std::move(found.advantage)),
                        report_of(found.advantages, found.consensus));
}

// --- functions of arrays ----------------------------------------------------------------------

template <class Scalar>
nb::dict table_rewards(const Array& ids, const std::string& estimator, double scale,
                       const std::string& advantage, Writable& reward, Writable& out) {
  const auto answer = view<std::int32_t>(ids, "table_rewards: ids");
  dag::require(ids.ndim() == 2, dag::Errc::dimension_mismatch,
               "table_rewards: ids must have two dimensions (groups x samples), got ", ids.ndim());
  const auto r = room<Scalar>(reward, answer.size(), "table_rewards: the rewards' out");
  const auto a = room<Scalar>(out, answer.size(), "table_rewards: the advantages' out");
  dag::AdvantageReport report;
  {
    nb::gil_scoped_release free;
    const auto begin = dag::uniform_offsets<std::int64_t>(ids.shape(0), ids.shape(1));
    const dag::RewardTables<Scalar> tables(
        answer, begin, dag::RewardTableBuilder{dag::estimator_kind(estimator), {}, scale});
    report = dag::table_rewards<Scalar>(answer, begin, tables, dag::advantage_kind(advantage), r, a);
  }
  return report_of(report, {});
}

template <class Scalar>
nb::dict fill_advantages(const Array& rewards, const Array& offsets, const std::string& kind,
                         const std::optional<Array>& lengths, Writable& out) {
  const auto reward = view<Scalar>(rewards, "advantages: rewards");
  const auto begin = view<std::int64_t>(offsets, "advantages: offsets");
  const auto length = view<Scalar>(lengths, "advantages: lengths");
  const auto a = room<Scalar>(out, reward.size(), "advantages: out");
  dag::AdvantageReport report;
  {
    nb::gil_scoped_release free;
    report = dag::advantages<Scalar>(dag::advantage_kind(kind), reward, begin, a, length);
  }
  nb::dict d = report_of(report, {});
  d["scale"] = report.scale;
  return d;
}

template <class Scalar>
nb::tuple policy_loss(const std::string& preset, const Array& log_prob, const Array& advantage,
                      const std::optional<Array>& mask, const std::optional<Array>& old,
                      const std::optional<Array>& reference, const std::optional<Array>& sampler,
                      double beta, double fixed_length) {
  dag::require(log_prob.ndim() == 2, dag::Errc::dimension_mismatch,
               "policy_loss: log_prob must have two dimensions (sequences x tokens), got ",
               log_prob.ndim());
  const std::size_t sequences = log_prob.shape(0);
  const std::size_t tokens = log_prob.shape(1);
  const auto offsets = dag::uniform_offsets<std::size_t>(sequences, tokens);
  dag::BasicTokenBatch<Scalar> batch{
      .offsets = offsets, .log_prob = view<Scalar>(log_prob, "policy_loss: log_prob")};
  batch.advantage = view<Scalar>(advantage, "policy_loss: advantage");
  batch.old_log_prob = view<Scalar>(old, "policy_loss: old_log_prob");
  batch.reference_log_prob = view<Scalar>(reference, "policy_loss: reference_log_prob");
  batch.sampler_log_prob = view<Scalar>(sampler, "policy_loss: sampler_log_prob");
  batch.mask = view<std::uint8_t>(mask, "policy_loss: mask");
  std::vector<Scalar> gradient(sequences * tokens);
  dag::PolicyLossSum sum;
  {
    nb::gil_scoped_release free;
    dag::PolicyLossOptions options = dag::policy_preset(preset).loss;
    options.beta = beta;
    options.fixed_length = fixed_length;
    sum = dag::policy_loss(batch, options, gradient);
  }
  nb::dict d;
  d["loss"] = sum.value();
  d["kl"] = sum.mean_kl();
  d["ratio"] = sum.mean_ratio();
  d["clipped_low"] = sum.clipped_low;
  d["clipped_high"] = sum.clipped_high;
  d["effective_sample_size"] = sum.effective_sample_size();
  return nb::make_tuple(give(std::move(gradient), {sequences, tokens}), d);
}

/// `dag solve --json`, of a word of the command line or of payoffs given as arrays.
std::string solve_problem(const cli::Problem& problem, cli::SolveOptions options) {
  options.common.quiet = true;
  cli::check(options);
  const auto names = cli::solver_names(options.solver, problem.kind);
  return cli::solve_json(cli::run_solvers(names, problem, options), problem, options);
}

cli::SolveOptions solve_options(const std::string& name, const std::string& solver,
                                const nb::dict& fields) {
  cli::SolveOptions options;
  options.game = name;
  options.solver = solver;
  for (const auto& [field, value] : fields) {
    const std::string_view key = utf8(field, "a keyword");
    if (key == "tolerance") {
      options.tolerance = nb::cast<double>(value);
    } else if (key == "max_iterations") {
      options.max_iterations = nb::cast<std::int64_t>(value);
    } else if (key == "time_limit") {
      options.time_limit = nb::cast<double>(value);
    } else if (key == "average") {
      options.average = nb::cast<std::string>(value);
    } else if (key == "tau") {
      options.tau = nb::cast<double>(value);
    } else if (key == "select") {
      options.select = nb::cast<std::string>(value);
    } else if (key == "start") {
      options.start = nb::cast<std::string>(value);
    } else if (key == "seed") {
      options.common.seed = nb::cast<std::uint64_t>(value);
    } else {
      dag::fail(dag::Errc::invalid_argument, "solve: no field is called '", key,
                "'; there are tolerance, max_iterations, time_limit, average, tau, select, start, "
                "seed");
    }
  }
  return options;
}

nb::object error_type;

}  // namespace

NB_MODULE(_core, m) {
  m.attr("__version__") = DAG_VERSION_STRING;
  error_type = nb::steal(PyErr_NewExceptionWithDoc(
      "dag_games.Error", "A broken rule; the text names the rule and the values.",
      PyExc_ValueError, nullptr));
  m.attr("Error") = error_type;
  nb::register_exception_translator([](const std::exception_ptr& p, void*) {
    try {
      std::rethrow_exception(p);
    } catch (const dag::Error& error) {
      PyErr_SetString(error_type.ptr(), error.what());
    }
  });

  nb::class_<Groups>(m, "_Groups")
      .def_static("of_rows", &groups_of_rows, nb::arg("question"), nb::arg("context"),
                  nb::arg("answer"), nb::arg("gold").none(), nb::arg("key"))
      .def_static("of_lists", &groups_of_lists, nb::arg("question"), nb::arg("context"),
                  nb::arg("answers"), nb::arg("gold").none(), nb::arg("key"))
      .def_static("of_ids", &groups_of_ids, nb::arg("ids"), nb::arg("offsets").none(),
                  nb::arg("question").none())
      .def("rewards", &rewards, nb::arg("utility"), nb::arg("estimator"), nb::arg("advantage"),
           nb::arg("fields"))
      .def("__len__", [](const Groups& self) { return self.groups.samples(); })
      .def("offsets",
           [](const Groups& self) { return give(std::vector<std::int64_t>(self.groups.begin)); })
      .def("order",
           [](const Groups& self) { return give(std::vector<std::int64_t>(self.order)); })
      .def("ids", [](const Groups& self) { return give(self.by_row(self.groups.answer)); })
      .def("right", [](const Groups& self) { return give(self.by_row(self.groups.right)); })
      .def("require",
           [](const Groups& self, std::size_t contexts, std::size_t samples) {
             self.groups.require(contexts, samples);
           })
      .def("report", [](const Groups& self) {
        const dag::GroupReport report = dag::describe(self.groups);
        nb::dict d;
        d["questions"] = report.questions;
        d["contexts"] = report.contexts;
        d["groups"] = report.groups;
        d["samples"] = report.samples;
        d["missing_answers"] = report.missing_answers;
        d["unjudged_samples"] = report.unjudged_samples;
        d["singleton_groups"] = report.singleton_groups;
        d["unanswered_groups"] = report.unanswered_groups;
        d["unanimous_groups"] = report.unanimous_groups;
        d["duplicate_groups"] = report.duplicate_groups;
        return d;
      });

  m.def("table_rewards32", &table_rewards<float>);
  m.def("table_rewards64", &table_rewards<double>);
  m.def("advantages32", &fill_advantages<float>, nb::arg(), nb::arg(), nb::arg(), nb::arg().none(),
        nb::arg());
  m.def("advantages64", &fill_advantages<double>, nb::arg(), nb::arg(), nb::arg(), nb::arg().none(),
        nb::arg());
  const auto loss = [&](const char* name, auto function) {
    m.def(name, function, nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg().none(),
          nb::arg().none(), nb::arg().none(), nb::arg(), nb::arg());
  };
  loss("policy_loss32", &policy_loss<float>);
  loss("policy_loss64", &policy_loss<double>);

  m.def("reward_table", [](std::size_t size, const std::string& kind) {
    const dag::RewardTable& table = dag::reward_table(dag::estimator_kind(kind), size);
    nb::dict d;
    d["table"] = give(std::vector<double>(table.table));
    d["sup_bias"] = table.sup_bias;
    d["integrated_variance"] = table.integrated_variance;
    d["max_variance"] = table.max_variance;
    d["slack"] = table.slack;
    d["sound"] = table.sound;
    return d;
  });
  m.def("policy_presets", [] {
    std::vector<std::string> names;
    for (const dag::PolicyPreset& preset : dag::policy_presets) {
      names.emplace_back(preset.name);
    }
    return names;
  });
  m.def("advantage_names", [] {
    std::vector<std::string> names;
    for (const auto& [name, kind] : dag::advantage_names) {
      names.emplace_back(name);
    }
    return names;
  });
  m.def("align_json", [](const std::string& line) {
    nb::gil_scoped_release free;
    return dag::solve_problem_line(line).dump();
  });
  m.def("extract", [](const std::vector<std::string>& texts, const std::string& how) {
    std::vector<std::optional<std::string>> out(texts.size());
    nb::gil_scoped_release free;
    const dag::Extractor extractor(how);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      auto found = extractor(texts[i]);
      if (found.found()) {
        out[i] = std::move(found.answer);
      }
    }
    return out;
  });
  m.def("canonical", [](const std::string& answer) { return dag::answer_key(answer); });
  m.def("equal", [](const std::string& a, const std::string& b) {
    const dag::Equality found = dag::equal_answers(a, b);
    return nb::make_tuple(found.equal, std::string(found.rule));
  });
  m.def("solve_word", [](const std::string& game, const std::string& solver,
                         const nb::dict& fields) {
    const cli::SolveOptions options = solve_options(game, solver, fields);
    nb::gil_scoped_release free;
    return solve_problem(cli::read_problem(game, options.common.seed), options);
  });
  // payoffs[player]: profiles with the first player's strategy fastest.
  m.def("solve_arrays", [](const std::vector<std::size_t>& sizes, const std::vector<Array>& payoffs,
                           const std::string& solver, const nb::dict& fields) {
    const cli::SolveOptions options = solve_options("payoffs", solver, fields);
    dag::GameTable table;
    table.sizes = sizes;
    for (const Array& payoff : payoffs) {
      const auto values = view<double>(payoff, "solve: payoffs");
      table.payoffs.emplace_back(values.begin(), values.end());
      table.players.push_back("player " + std::to_string(table.payoffs.size()));
    }
    nb::gil_scoped_release free;
    return solve_problem(cli::problem_of("payoffs", std::move(table)), options);
  });
}
