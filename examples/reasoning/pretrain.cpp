// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "pretrain.hpp"

#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/text_file.hpp>
#include <dag/train/checkpoint.hpp>
#include <dag/train/optimizer.hpp>
#include <dag/train/schedule.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <vector>

namespace reasoning {
namespace {

std::string path_of(const std::string& folder, const std::string& name, const char* ending) {
  return folder + "/base-" + name + ending;
}

}  // namespace

Supervised supervise(Policy& policy, const BaseRecipe& recipe, const std::string& checkpoint,
                     const Progress& progress, dag::StopRef stop) {
  const std::size_t count = policy.parameter_count();
  dag::Adam adam(0.9, 0.98);
  const dag::LearningRate schedule{.peak = recipe.rate, .warm_up = 50};
  std::vector<double> parameters = policy.parameters(), ascent(count);
  Supervised state;
  const auto& questions = split().validation_sums;
  const std::span<const Sum> some(questions.data(), 100);
  const auto reached = [&] {
    state.accuracy = evaluate_sums(policy, policy, some, 2, 7)["sampled"].get<double>();
    char what[80];
    std::snprintf(what, sizeof what, "%s, step %lld: %.3f of samples right", recipe.name.c_str(),
                  static_cast<long long>(state.steps), state.accuracy);
    progress(state.accuracy / recipe.target, what);
    return state.accuracy >= recipe.target;
  };
  if (!checkpoint.empty() && dag::checkpoint_exists(checkpoint)) {
    const dag::Checkpoint point = dag::load_checkpoint(checkpoint).checkpoint;
    dag::require(point.seed == recipe.seed && point.parameters.size() == count,
                 dag::Errc::invalid_argument, "'", checkpoint,
                 "' belongs to another seed or size of model; use another place");
    parameters = point.parameters;
    policy.set_parameters(parameters);
    adam.restore(point.optimizer);
    state.steps = point.step;
    if (reached()) {
      return state;
    }
  }
  while (state.steps < recipe.most_steps) {
    if (stop.stop_requested()) {
      state.stopped = true;
      return state;
    }
    std::vector<Tokens> prompts, traces;
    dag::RandomStream stream(recipe.seed, static_cast<std::uint64_t>(state.steps) + 1);
    double tokens = 0;
    for (std::size_t i = 0; i < recipe.batch; ++i) {
      Example example = taught_example(recipe.mix, stream);
      tokens += static_cast<double>(example.trace.size());
      prompts.push_back(std::move(example.prompt));
      traces.push_back(std::move(example.trace));
    }
    const std::vector<float> weights(recipe.batch, static_cast<float>(1 / tokens));
    std::vector<float> gradient(count, 0.0F);
    policy.accumulate(prompts, traces, weights, gradient);
    double squares = 0;
    for (const float g : gradient) {
      squares += static_cast<double>(g) * static_cast<double>(g);
    }
    const double shrink = squares > 1 ? 1 / std::sqrt(squares) : 1.0;
    for (std::size_t i = 0; i < count; ++i) {
      ascent[i] = shrink * static_cast<double>(gradient[i]);
    }
    adam.step(parameters, ascent, schedule.at(state.steps));
    policy.set_parameters(parameters);
    ++state.steps;
    if (state.steps % recipe.look_every != 0) {
      continue;
    }
    const bool done = reached();
    if (!checkpoint.empty()) {
      dag::save_checkpoint({recipe.seed, state.steps, parameters, {}, adam.state(), {}},
                           checkpoint);
    }
    if (done) {
      return state;
    }
  }
  dag::fail(dag::Errc::invalid_argument, recipe.name, " did not reach the accuracy ", recipe.target,
            " in ", recipe.most_steps, " steps; the last look saw ", state.accuracy);
}

bool pretrain(const BaseRecipe& recipe, const Size& size, const std::string& folder,
              const Progress& progress, dag::StopRef stop) {
  std::filesystem::create_directories(folder);
  const std::string story_path = path_of(folder, recipe.name, ".json");
  if (std::filesystem::exists(story_path)) {
    return true;
  }
  Policy policy(size, recipe.seed);
  BaseRecipe spoken = recipe;
  spoken.name = "base " + recipe.name;
  const Supervised end =
      supervise(policy, spoken, path_of(folder, recipe.name, ".ckpt"), progress, stop);
  if (end.stopped) {
    return false;
  }
  const Json story{
      {"base", recipe.name},
      {"seed", recipe.seed},
      {"steps", end.steps},
      {"parameters", policy.parameter_count()},
      {"forms", recipe.mix.forms},
      {"target", recipe.target},
      {"validation_sums", evaluate_sums(policy, policy, split().validation_sums, 16, 8)},
      {"validation_pairs", evaluate_pairs(policy, policy, split().validation_pairs, 16, 8)}};
  dag::write_file_atomically(story_path, story.dump(2) + "\n");
  return true;
}

Policy load_base(const std::string& name, const Size& size, const std::string& folder) {
  dag::require(std::filesystem::exists(path_of(folder, name, ".json")), dag::Errc::io,
               "no base model '", name, "' in '", folder,
               "'; make it with: dag-reasoning pretrain --folder ", folder);
  const dag::Checkpoint point = dag::load_checkpoint(path_of(folder, name, ".ckpt")).checkpoint;
  Policy policy(size, 1);
  dag::require(point.parameters.size() == policy.parameter_count(), dag::Errc::dimension_mismatch,
               "base model '", name, "' has ", point.parameters.size(),
               " parameters, a model of this size ", policy.parameter_count());
  policy.set_parameters(point.parameters);
  return policy;
}

}  // namespace reasoning
