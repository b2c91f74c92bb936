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

bool pretrain(const BaseRecipe& recipe, const Size& size, const std::string& folder,
              const Progress& progress, dag::StopRef stop) {
  std::filesystem::create_directories(folder);
  const std::string story_path = path_of(folder, recipe.name, ".json");
  const std::string checkpoint_path = path_of(folder, recipe.name, ".ckpt");
  if (std::filesystem::exists(story_path)) {
    return true;
  }
  Policy policy(size, recipe.seed);
  const std::size_t count = policy.parameter_count();
  dag::Adam adam(0.9, 0.98);
  const dag::LearningRate schedule{.peak = recipe.rate, .warm_up = 50};
  std::vector<double> parameters = policy.parameters(), ascent(count);
  std::int64_t step = 0;
  if (dag::checkpoint_exists(checkpoint_path)) {
    const dag::Checkpoint point = dag::load_checkpoint(checkpoint_path).checkpoint;
    dag::require(point.seed == recipe.seed && point.parameters.size() == count,
                 dag::Errc::invalid_argument, "'", checkpoint_path,
                 "' belongs to another seed or size of model; use another folder");
    parameters = point.parameters;
    policy.set_parameters(parameters);
    adam.restore(point.optimizer);
    step = point.step;
  }
  const auto& questions = split().validation_sums;
  const std::span<const Sum> look(questions.data(), 100);
  while (step < recipe.most_steps) {
    if (stop.stop_requested()) {
      return false;
    }
    std::vector<Tokens> prompts, traces;
    dag::RandomStream stream(recipe.seed, static_cast<std::uint64_t>(step) + 1);
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
    adam.step(parameters, ascent, schedule.at(step));
    policy.set_parameters(parameters);
    ++step;
    if (step % recipe.look_every != 0) {
      continue;
    }
    const Json seen = evaluate_sums(policy, policy, look, 2, 7);
    const double accuracy = seen["sampled"].get<double>();
    char what[80];
    std::snprintf(what, sizeof what, "base %s, step %lld: %.3f of samples right",
                  recipe.name.c_str(), static_cast<long long>(step), accuracy);
    progress(accuracy / recipe.target, what);
    dag::save_checkpoint({recipe.seed, step, parameters, {}, adam.state(), {}}, checkpoint_path);
    if (accuracy >= recipe.target) {
      const Json story{
          {"base", recipe.name},
          {"seed", recipe.seed},
          {"steps", step},
          {"parameters", count},
          {"forms", recipe.mix.forms},
          {"target", recipe.target},
          {"validation_sums", evaluate_sums(policy, policy, questions, 16, 8)},
          {"validation_pairs", evaluate_pairs(policy, policy, split().validation_pairs, 16, 8)}};
      dag::write_file_atomically(story_path, story.dump(2) + "\n");
      return true;
    }
  }
  dag::fail(dag::Errc::invalid_argument, "base ", recipe.name, " did not reach ", recipe.target,
            " in ", recipe.most_steps, " steps");
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
