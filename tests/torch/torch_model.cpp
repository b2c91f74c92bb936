// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <dag/interop/script_module.hpp>
#include <dag/interop/torch.hpp>
#include <dag/interop/torch_transformer.hpp>
#include <dag/train/trainer.hpp>

#include <doctest/doctest.h>
#include <contract/model.hpp>

#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using dag::TokenSequence;
using Transformer = dag::TorchModel<dag::TransformerImpl, double>;

constexpr std::int32_t stop = 3, pad = 4;

template <class Scalar = double>
dag::TorchModel<dag::TransformerImpl, Scalar> tiny(std::uint64_t seed = 5, std::int64_t batch = 8) {
  auto module = std::make_shared<dag::TransformerImpl>(dag::TransformerOptions{
      .vocabulary = 5, .length = 5, .width = 8, .heads = 2, .layers = 2, .seed = seed});
  return {module,
          {.vocabulary = 5,
           .prompt_length = 2,
           .trace_length = 3,
           .stop = stop,
           .pad = pad,
           .batch = batch,
           .sees_pads = true}};
}

/// No cache, no attention: logits from the running mean of embeddings. A module as users write it.
struct BagImpl : torch::nn::Cloneable<BagImpl> {
  at::Tensor table;
  bool looks_ahead = false;
  BagImpl() { reset(); }
  void reset() override {
    at::Tensor start = torch::empty({5, 5});
    for (std::int64_t i = 0; i < 25; ++i) {
      start.view({25})[i] = std::sin(static_cast<double>(3 * i + 1));
    }
    table = register_parameter("table", start);
  }
  at::Tensor forward(const at::Tensor& tokens) {
    const at::Tensor rows = at::embedding(table, tokens);
    const at::Tensor count = torch::arange(1, tokens.size(1) + 1, rows.options()).view({1, -1, 1});
    return looks_ahead ? rows + rows.mean(1, true) : rows.cumsum(1) / count;
  }
};
/// Two names for one table. A clone ties them again where `reset` does.
struct TiedImpl : torch::nn::Cloneable<TiedImpl> {
  at::Tensor in, out;
  bool once = false;  ///< tied when it is made, and by no clone
  explicit TiedImpl(bool tied_once = false) : once(tied_once) {
    reset();
    if (once) {
      out = in;
      parameters_["out"] = in;
    }
  }
  void reset() override {
    in = register_parameter("in", torch::arange(25).to(torch::kFloat).sin().view({5, 5}));
    out = register_parameter("out", once ? in.detach().clone() : in);
  }
  at::Tensor forward(const at::Tensor& tokens) {
    return at::matmul(at::embedding(in, tokens), out.t());
  }
};
/// An embedding, a sum over the past and a linear layer, with a scale in float.
struct MixedImpl : torch::nn::Cloneable<MixedImpl> {
  at::Tensor table, head, scale;
  MixedImpl() { reset(); }
  void reset() override {
    const at::Tensor numbers = torch::arange(25).to(torch::kFloat).view({5, 5});
    table = register_parameter("table", (3 * numbers + 1).sin());
    head = register_parameter("head", (2 * numbers).cos());
    scale = register_parameter("scale", torch::ones({5}));
  }
  at::Tensor forward(const at::Tensor& tokens) {
    const at::Tensor past = at::embedding(table, tokens).cumsum(1);
    return at::linear(past, head) * scale.to(head.scalar_type());
  }
};
static_assert(dag::LogitModule<BagImpl> && !dag::DecodingModule<BagImpl>);
static_assert(dag::DecodingModule<dag::TransformerImpl>);
static_assert(dag::ParameterizedModel<Transformer> && dag::TokenLogProbModel<Transformer>);
static_assert(dag::ParameterizedModel<dag::TorchModel<BagImpl, float>>);

/// Every trace of at most 3 tokens over 5 symbols that ends as the model's traces end.
std::vector<TokenSequence> all_traces() {
  std::vector<TokenSequence> done, open{{}};
  for (int t = 0; t < 3; ++t) {
    std::vector<TokenSequence> longer;
    for (const auto& prefix : open) {
      for (std::int32_t token = 0; token < 5; ++token) {
        TokenSequence trace = prefix;
        trace.push_back(token);
        (token == stop || t == 2 ? done : longer).push_back(trace);
      }
    }
    open = longer;
  }
  return done;
}

template <class Model>
double total_mass(const Model& model, const TokenSequence& prompt) {
  const auto traces = all_traces();
  const std::vector<TokenSequence> prompts(traces.size(), prompt);
  std::vector<typename Model::scalar_type> log_probs(traces.size());
  dag::log_prob_batch<Model>(model, prompts, traces, log_probs);
  double total = 0;
  for (const auto entry : log_probs) {
    total += std::exp(static_cast<double>(entry));
  }
  return total;
}

template <class Model>
std::vector<double> parameters_of(const Model& model) {
  std::vector<typename Model::scalar_type> own(model.parameter_count());
  model.copy_parameters(own);
  return {own.begin(), own.end()};
}

/// Five standard errors for every trace of the tiny vocabulary.
template <class Model>
void check_frequencies(const Model& model, const TokenSequence& prompt, std::size_t draws) {
  const std::vector<TokenSequence> prompts(draws, prompt);
  std::vector<TokenSequence> traces(draws);
  dag::RandomStream stream(11, 0);
  dag::sample_batch<Model>(model, prompts, stream, traces);
  std::map<TokenSequence, std::size_t> counts;
  for (const auto& trace : traces) {
    ++counts[trace];
  }
  std::size_t seen = 0;
  for (const auto& trace : all_traces()) {
    const double p = std::exp(static_cast<double>(model.log_prob(prompt, trace)));
    const auto n = static_cast<double>(draws);
    const auto count = static_cast<double>(counts[trace]);
    seen += counts[trace];
    CHECK(std::abs(count / n - p) <= 5 * std::sqrt(p * (1 - p) / n) + 25 / n);
  }
  CHECK(seen == draws);  // nothing but these traces was drawn
}

TEST_CASE("The transformer keeps the contract of a model") {
  torch::set_num_threads(1);
  contract::check_model(tiny(), {0, 2}, {.samples = 1500, .differentiated = 10});
}

TEST_CASE("A module without a cache keeps it too") {
  torch::set_num_threads(1);
  const dag::TorchModel<BagImpl, double> model(std::make_shared<BagImpl>(), {.vocabulary = 5,
                                                                             .prompt_length = 2,
                                                                             .trace_length = 3,
                                                                             .stop = stop,
                                                                             .pad = pad,
                                                                             .batch = 8,
                                                                             .sees_pads = true});
  contract::check_model(model, {1}, {.samples = 1500, .differentiated = 10});
  CHECK(total_mass(model, {1}) == doctest::Approx(1).epsilon(1e-12));
  check_frequencies(model, {1}, 20000);
}

TEST_CASE("All traces have mass one, and are drawn as often as their probability says") {
  torch::set_num_threads(1);
  for (const TokenSequence& prompt : {TokenSequence{}, TokenSequence{1}, TokenSequence{0, 2}}) {
    CHECK(total_mass(tiny(), prompt) == doctest::Approx(1).epsilon(1e-12));
    CHECK(total_mass(tiny<float>(), prompt) == doctest::Approx(1).epsilon(1e-5));
  }
  check_frequencies(tiny(), {0, 2}, 20000);
  check_frequencies(tiny<float>(), {2}, 20000);
}

TEST_CASE("A draw is the same whatever its neighbours, and whatever torch's generator did") {
  torch::set_num_threads(1);
  const auto model = tiny<float>();
  std::vector<TokenSequence> prompts;
  for (std::int32_t i = 0; i < 30; ++i) {
    prompts.push_back({i % 3, i % 5});
  }
  std::vector<TokenSequence> many(30), few(7);
  dag::RandomStream first(3, 9), second(3, 9);
  dag::sample_batch<decltype(tiny<float>())>(model, prompts, first, many);
  torch::manual_seed(77);
  (void)torch::rand({5});
  dag::sample_batch<decltype(tiny<float>())>(model, std::span(prompts).first(7), second, few);
  for (std::size_t i = 0; i < few.size(); ++i) {
    CHECK(few[i] == many[i]);
  }
  CHECK(parameters_of(tiny()) == parameters_of(tiny()));
  CHECK(parameters_of(tiny(5)) != parameters_of(tiny(6)));
}

TEST_CASE("Greedy traces take the likeliest token at every step") {
  torch::set_num_threads(1);
  const auto model = tiny();
  const std::vector<TokenSequence> prompts{{0, 1}, {2}, {1, 1}};
  std::vector<TokenSequence> traces(prompts.size());
  model.greedy_batch(prompts, traces);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    // A greedy first token starts the likeliest class of traces by first token.
    std::vector<double> mass(5, 0.0);
    for (const auto& trace : all_traces()) {
      mass[static_cast<std::size_t>(trace[0])] += std::exp(model.log_prob(prompts[i], trace));
    }
    for (const double other : mass) {
      CHECK(mass[static_cast<std::size_t>(traces[i][0])] >= other - 1e-12);
    }
  }
}

TEST_CASE("Decoding with a cache agrees with the whole pass") {
  torch::set_num_threads(1);
  const auto model = tiny();
  auto& module = model.module();
  const torch::NoGradGuard no_graph;
  const at::Tensor tokens =
      torch::tensor({0, 1, 2, 4, 1, 3, 2, 0, 1, 1}, torch::kInt64).view({2, 5});
  const at::Tensor whole = module.forward(tokens);
  dag::TransformerImpl::Cache cache;
  CHECK(at::allclose(module.prefill(tokens.narrow(1, 0, 2), cache), whole.select(1, 1), 1e-12,
                     1e-12));
  for (std::int64_t t = 2; t < 5; ++t) {
    CHECK(
        at::allclose(module.decode(tokens.select(1, t), cache), whole.select(1, t), 1e-12, 1e-12));
  }
  CHECK_THROWS_AS((void)module.decode(tokens.select(1, 0), cache), dag::Error);
}

TEST_CASE("Parameters are one span, and a copy shares none of it") {
  torch::set_num_threads(1);
  auto model = tiny();
  const auto copy = model;
  const std::span<double> parameters = model.parameters();
  const double before = model.log_prob({0}, {1, stop});
  parameters[0] += 1;  // embedding of token 0
  CHECK(model.log_prob({0}, {1, stop}) != before);
  CHECK(copy.log_prob({0}, {1, stop}) == before);
  parameters[0] -= 1;
}

TEST_CASE("An optimiser of torch takes the step that dag's own takes") {
  torch::set_num_threads(1);
  auto own = tiny(), other = tiny();
  const std::vector<TokenSequence> prompts{{0, 1}, {2}, {1}};
  const std::vector<TokenSequence> traces{{1, stop}, {0, 1, 2}, {stop}};
  const std::vector<double> weights{1, -0.5, 2};
  std::vector<double> gradient(own.parameter_count(), 0.0);
  dag::accumulate_score_batch<Transformer>(own, prompts, traces, weights, gradient);
  dag::Sgd().step(own.parameters(), gradient, 0.1);
  // Descent on the loss by hand: what torch::optim::SGD does (its header is not worth the seconds).
  const at::Tensor loss = -(other.log_prob_tensor(prompts, traces) * torch::tensor(weights)).sum();
  loss.backward();
  {
    const torch::NoGradGuard no_graph;
    for (at::Tensor& parameter : other.module().parameters()) {
      parameter.sub_(0.1 * parameter.grad());
    }
  }
  const auto first = parameters_of(own), second = parameters_of(other);
  for (std::size_t i = 0; i < first.size(); ++i) {
    REQUIRE(first[i] == doctest::Approx(second[i]).epsilon(1e-12));
  }
}

TEST_CASE("Training goes on bit for bit from a checkpoint") {
  torch::set_num_threads(1);
  const std::vector<dag::Question<TokenSequence>> questions{{{{0, 1}, {1, 0}}}, {{{2}, {2, 2}}}};
  const auto answer = [](const TokenSequence&, const TokenSequence& trace) {
    return static_cast<int>(trace[0] == stop ? -1 : trace[0]);
  };
  dag::TrainOptions options{.steps = 6,
                            .questions_per_step = 2,
                            .group_size = 4,
                            .beta = 0.1,
                            .learning_rate = {.peak = 0.01, .warm_up = 2, .total = 6},
                            .clip_norm = 1,
                            .seed = 8};
  const auto run = [&](auto&& on_step) {
    auto model = tiny<float>();
    const auto reference = model;
    dag::CoherenceObjective objective(dag::Pool::arithmetic);
    dag::Adam adam;
    dag::train(model, reference, std::span(questions), objective, answer, adam, options, on_step);
    return parameters_of(model);
  };
  const auto whole = run([](const dag::TrainRecord&) {});
  CHECK(whole != parameters_of(tiny<float>()));
  const auto folder = std::filesystem::temp_directory_path();
  options.checkpoint = (folder / ("dag_torch_" + std::to_string(::getpid()) + ".ckpt")).string();
  options.checkpoint_every = 2;
  (void)run([](const dag::TrainRecord& record) { return record.step < 3; });
  CHECK(run([](const dag::TrainRecord&) {}) == whole);
  std::filesystem::remove(options.checkpoint);
  std::filesystem::remove(options.checkpoint + ".previous");
}

TEST_CASE("A loss by token weighs traces of different lengths as its aggregation says") {
  torch::set_num_threads(1);
  const auto model = tiny();
  const std::vector<TokenSequence> prompts{{0, 1}, {2}, {1}};
  const std::vector<TokenSequence> traces{{1, stop}, {0, 1, 2}, {stop}};
  const std::vector<double> advantage{1, -0.5, 2};
  for (const bool by_sequence : {true, false}) {
    dag::TrainOptions options{.loss_level = dag::LossLevel::token};
    options.policy_loss = {.aggregation = by_sequence ? dag::Aggregation::sequence_mean_token_mean
                                                      : dag::Aggregation::token_mean};
    dag::detail::BatchScore<Transformer> score(options);
    std::vector<double> log_prob(3), log_reference(3), gradient(model.parameter_count(), 0.0),
        expected = gradient;
    const dag::SerialCommunicator alone;
    dag::detail::Conversation talk(alone);
    dag::detail::StepParts<dag::SerialCommunicator, double> parts(talk, 3, 1);
    score.read(parts, model, model, prompts, traces, log_prob, log_reference, {});
    for (std::size_t i = 0; i < 3; ++i) {
      score.keep(i, i);
      const auto length = static_cast<double>(traces[i].size());
      CHECK(score.lengths()[i] == length);
      CHECK(log_prob[i] == doctest::Approx(model.log_prob(prompts[i], traces[i])).epsilon(1e-12));
      model.accumulate_score(prompts[i], traces[i], advantage[i] / (by_sequence ? 3 * length : 6.0),
                             expected);
    }
    dag::TrainRecord record;
    score.weigh(parts, 0, model, prompts, traces, advantage, log_prob, record);
    score.accumulate(parts, model, prompts, traces, gradient);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      REQUIRE(std::abs(gradient[i] - expected[i]) <= 1e-12);
    }
  }
}

TEST_CASE("Tied weights are one parameter, and stay tied") {
  torch::set_num_threads(1);
  const dag::TorchModelOptions options{
      .vocabulary = 5, .prompt_length = 1, .trace_length = 2, .stop = stop, .pad = pad, .batch = 8};
  const dag::TorchModel<TiedImpl, double> model(std::make_shared<TiedImpl>(), options);
  CHECK(model.parameter_count() == 25);
  contract::check_model(model, {1}, {.samples = 1500, .differentiated = 25});
  auto copy = model;
  CHECK(copy.parameter_count() == 25);
  copy.parameters()[7] += 0.5;
  CHECK(copy.module().in.is_same(copy.module().out));
  CHECK(copy.log_prob({1}, {2, 2}) != model.log_prob({1}, {2, 2}));
  const dag::TorchModel<TiedImpl, double> once(std::make_shared<TiedImpl>(true), options);
  CHECK(once.parameter_count() == 25);
  CHECK_THROWS_WITH_AS(static_cast<void>(dag::TorchModel<TiedImpl, double>(once)),
                       doctest::Contains("unties"), dag::Error);
}

/// A batch of prompts of lengths 1 to 4 against each of them in a model for its own length, and
/// against each alone in the same model: log-probabilities, by token too, gradients and samples.
template <class Module, class Make>
void check_mixed_lengths(Make make) {
  using Model = dag::TorchModel<Module, double>;
  const auto model_of = [&](std::int64_t length, std::int64_t batch) {
    return Model(make(), {.vocabulary = 5,
                          .prompt_length = length,
                          .trace_length = 3,
                          .stop = stop,
                          .pad = pad,
                          .batch = batch});
  };
  const Model model = model_of(4, 4);
  const std::vector<TokenSequence> prompts{{0, 1}, {2, 1, 0, 2}, {1}, {2, 0}, {0, 2, 4}, {2}};
  const std::vector<TokenSequence> traces{{1, stop},    {0, 1, 2}, {stop},
                                          {2, 2, stop}, {1, 0, 1}, {4, stop}};
  std::vector<double> log_probs(6), weights{1, -0.5, 2, 0.3, -1, 0.7};
  dag::log_prob_batch<Model>(model, prompts, traces, log_probs);
  std::vector<double> gradient(model.parameter_count(), 0.0), sum = gradient;
  dag::accumulate_score_batch<Model>(model, prompts, traces, weights, gradient);
  dag::RandomStream stream(3, 9), copy = stream;
  std::vector<TokenSequence> drawn(6), greedy(6), one(1);
  dag::sample_batch<Model>(model, prompts, stream, drawn);
  model.greedy_batch(prompts, greedy);
  const auto seed = copy();
  for (std::size_t i = 0; i < 6; ++i) {
    CAPTURE(i);
    CHECK(model.log_prob(prompts[i], traces[i]) == log_probs[i]);
    const Model alone = model_of(static_cast<std::int64_t>(prompts[i].size()), 1);
    CHECK(std::abs(alone.log_prob(prompts[i], traces[i]) - log_probs[i]) <= 1e-12);
    alone.accumulate_score(prompts[i], traces[i], weights[i], sum);
    std::vector<double> tokens(traces[i].size()), same(tokens.size());
    model.token_log_probs(prompts[i], traces[i], tokens);
    alone.token_log_probs(prompts[i], traces[i], same);
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      CHECK(std::abs(tokens[t] - same[t]) <= 1e-12);
    }
    dag::RandomStream here(seed, i), there(seed, i);
    CHECK(model.sample(prompts[i], here) == drawn[i]);
    CHECK(alone.sample(prompts[i], there) == drawn[i]);
    alone.greedy_batch({&prompts[i], 1}, one);
    CHECK(greedy[i] == one[0]);
  }
  double size = 0;
  for (std::size_t p = 0; p < sum.size(); ++p) {
    CHECK(std::abs(sum[p] - gradient[p]) <= 1e-12);
    size += std::abs(sum[p]);
  }
  CHECK(size > 0.1);
  CHECK(total_mass(model, {1}) == doctest::Approx(1).epsilon(1e-12));
  CHECK(total_mass(model, {1, 1, 2}) == doctest::Approx(1).epsilon(1e-12));
  check_frequencies(model, {1}, 4000);
  CHECK_THROWS_WITH_AS((void)model.log_prob({}, {stop}), doctest::Contains("no tokens"),
                       dag::Error);
}

TEST_CASE("Prompts of different lengths are in a batch what each is alone") {
  torch::set_num_threads(1);
  SUBCASE("no cache") {
    check_mixed_lengths<BagImpl>([] { return std::make_shared<BagImpl>(); });
  }
  SUBCASE("a cache, and positions") {
    check_mixed_lengths<dag::TransformerImpl>([] {
      return std::make_shared<dag::TransformerImpl>(dag::TransformerOptions{
          .vocabulary = 5, .length = 7, .width = 8, .heads = 2, .layers = 2, .seed = 5});
    });
  }
  // A mean of what is not masked, and an embedding of positions.
  const auto script = [](const char* code) {
    return [code] {
      torch::jit::Module module("Mean");
      const at::Tensor numbers = torch::arange(25).to(torch::kDouble).view({5, 5});
      const at::Tensor places = torch::arange(35).to(torch::kDouble).view({7, 5});
      module.register_parameter("table", (3 * numbers + 1).sin().requires_grad_(), false);
      module.register_parameter("place", places.cos().requires_grad_(), false);
      module.define(code);
      return std::make_shared<dag::ScriptModuleImpl>(module);
    };
  };
  SUBCASE("TorchScript that takes tokens alone") {
    check_mixed_lengths<dag::ScriptModuleImpl>(script(R"(
      def forward(self, tokens):
        rows = self.table[tokens] + self.place[:tokens.size(1)]
        return torch.cumsum(rows, 1) / torch.arange(1, tokens.size(1) + 1).view(1, -1, 1)
    )"));
  }
  SUBCASE("TorchScript that asks for a mask and positions") {
    check_mixed_lengths<dag::ScriptModuleImpl>(script(R"(
      def forward(self, tokens, attention_mask, position_ids, scale: float = 1.0):
        seen = attention_mask.unsqueeze(2)
        rows = (self.table[tokens] + self.place[position_ids]) * seen
        return (torch.cumsum(rows, 1) / torch.cumsum(seen, 1).clamp(min=1), seen)
    )"));
  }
  SUBCASE("TorchScript that asks for something else") {
    const auto make = script(R"(
      def forward(self, tokens, token_type_ids):
        return self.table[tokens]
    )");
    CHECK_THROWS_WITH_AS((void)make()->forward(torch::zeros({1, 2}, torch::kInt64)),
                         doctest::Contains("'token_type_ids'"), dag::Error);
  }
}

TEST_CASE("A module in bfloat16 stays so, and small steps add up in the master copy") {
  torch::set_num_threads(1);
  using Model = dag::TorchModel<MixedImpl>;
  const dag::TorchModelOptions options{
      .vocabulary = 5, .prompt_length = 2, .trace_length = 3, .stop = stop, .pad = pad, .batch = 8};
  const auto half = [] {
    auto module = std::make_shared<MixedImpl>();
    for (at::Tensor* weight : {&module->table, &module->head}) {
      weight->set_data(weight->to(torch::kBFloat16));
    }
    return module;
  };
  const auto keeps_types = [](const Model& model) {
    CHECK((model.module().table.scalar_type() == torch::kBFloat16));
    CHECK((model.module().head.scalar_type() == torch::kBFloat16));
    CHECK((model.module().scale.scalar_type() == torch::kFloat));
  };
  Model model(half(), options);
  keeps_types(model);
  // The same values in float: what the precision costs, in values and in slopes.
  auto wide_module = std::make_shared<MixedImpl>();
  {
    const torch::NoGradGuard no_graph;
    wide_module->table.copy_(model.module().table);
    wide_module->head.copy_(model.module().head);
  }
  const Model wide(wide_module, options);
  CHECK(parameters_of(wide) == parameters_of(model));
  const TokenSequence prompt{0, 1}, trace{2, 0, stop};
  CHECK(std::abs(model.log_prob(prompt, trace) - wide.log_prob(prompt, trace)) < 0.1);
  std::vector<float> slope(model.parameter_count()), wide_slope(slope.size());
  model.accumulate_score(prompt, trace, 1, slope);
  wide.accumulate_score(prompt, trace, 1, wide_slope);
  double off = 0, size = 0;
  for (std::size_t i = 0; i < slope.size(); ++i) {
    off += std::abs(slope[i] - wide_slope[i]);
    size += std::abs(wide_slope[i]);
  }
  CHECK(size > 1);
  CHECK(off < 0.05 * size);
  // Softmax is of Scalar: the mass of all traces is one as closely as in float.
  CHECK(total_mass(model, prompt) == doctest::Approx(1).epsilon(1e-5));
  check_frequencies(model, prompt, 20000);
  // 200 steps of 1e-4 at 0.84 and more, where bfloat16 has a spacing of 2^-8: each alone is lost.
  const std::vector<double> start = parameters_of(model);
  const auto moved = [&] { return std::abs(model.module().table[0][0].item<double>() - start[0]); };
  const auto large = torch::tensor({start[0]}, torch::kBFloat16);
  CHECK((large + 1e-4).equal(large));
  for (int i = 0; i < 200; ++i) {
    for (float& parameter : model.parameters()) {
      parameter += 1e-4F;
    }
  }
  const double before = model.log_prob(prompt, trace);
  CHECK(std::abs(moved() - 0.02) <= 0x1p-8);
  keeps_types(model);
  const std::vector<double> after = parameters_of(model);
  for (std::size_t i = 0; i < after.size(); ++i) {
    CHECK(after[i] - start[i] == doctest::Approx(0.02).epsilon(1e-3));
  }
  // What the module holds is the master copy, rounded.
  const auto master = torch::tensor(std::vector<double>(after.begin(), after.begin() + 25));
  CHECK(model.module().table.view({25}).equal(master.to(torch::kBFloat16)));
  // A copy has the master copy too; so does what is read and set again.
  Model copy = model;
  keeps_types(copy);
  CHECK(parameters_of(copy) == after);
  CHECK(copy.log_prob(prompt, trace) == before);
  std::vector<float> same(after.begin(), after.end());
  copy.set_parameters(same);
  CHECK(parameters_of(copy) == after);
  CHECK(copy.log_prob(prompt, trace) == before);
  // Written past it: known once it is asked to read again.
  {
    const torch::NoGradGuard no_graph;
    copy.module().table.fill_(0.5);
  }
  copy.reread_parameters();
  CHECK(parameters_of(copy)[3] == 0.5);
  CHECK(parameters_of(copy)[30] ==
        static_cast<double>(copy.module().head.view({25})[5].item<float>()));
  // A run of the trainer moves it, and keeps the types.
  const std::vector<dag::Question<TokenSequence>> questions{{{{0, 1}, {1, 0}}}, {{{2}, {2, 2}}}};
  const auto answer = [](const TokenSequence&, const TokenSequence& y) {
    return static_cast<int>(y[0] == stop ? -1 : y[0]);
  };
  dag::CoherenceObjective objective(dag::Pool::arithmetic);
  dag::Adam adam;
  dag::train(model, Model(model), std::span(questions), objective, answer, adam,
             {.steps = 5,
              .questions_per_step = 2,
              .group_size = 4,
              .learning_rate = {.peak = 1e-4},
              .seed = 8},
             [](const dag::TrainRecord&) {});
  keeps_types(model);
  CHECK(parameters_of(model) != after);
}

TEST_CASE("What cannot be meant is refused") {
  torch::set_num_threads(1);
  const auto model = tiny();
  const auto refused = [](dag::Errc code, auto&& call) {
    try {
      call();
      FAIL_CHECK("expected an error: ", std::string(dag::to_string(code)));
    } catch (const dag::Error& error) {
      CHECK(error.code() == code);
    }
  };
  const auto invalid = dag::Errc::invalid_argument;
  refused(invalid, [&] { (void)model.log_prob({0, 1, 2}, {stop}); });     // prompt too long
  refused(invalid, [&] { (void)model.log_prob({5}, {stop}); });           // no such token
  refused(invalid, [&] { (void)model.log_prob({0}, {}); });               // no trace
  refused(invalid, [&] { (void)model.log_prob({0}, {1, 1}); });           // does not end
  refused(invalid, [&] { (void)model.log_prob({0}, {stop, 1, 1}); });     // goes on
  refused(invalid, [&] { (void)model.log_prob({0}, {1, 1, 1, stop}); });  // too long
  const dag::TorchModelOptions options{
      .vocabulary = 5, .prompt_length = 2, .trace_length = 3, .stop = stop, .pad = pad};
  refused(invalid, [&] { dag::TorchModel<BagImpl>(nullptr, options); });
  refused(invalid, [&] {
    auto bad = options;
    bad.stop = 5;
    dag::TorchModel<BagImpl>(std::make_shared<BagImpl>(), bad);
  });
  refused(dag::Errc::dimension_mismatch, [&] {
    auto bad = options;
    bad.vocabulary = 6;
    dag::TorchModel<BagImpl>(std::make_shared<BagImpl>(), bad);
  });
  refused(invalid, [&] {
    auto module = std::make_shared<BagImpl>();
    module->looks_ahead = true;
    dag::TorchModel<BagImpl>(module, options);
  });
  refused(invalid,
          [&] { dag::TransformerImpl({.vocabulary = 5, .length = 4, .width = 6, .heads = 4}); });
}

}  // namespace

TEST_CASE("a scripted module is a model: its log-probabilities, its copies, its file") {
  torch::jit::Module script("Bigram");
  const at::Tensor table = torch::arange(25).to(torch::kDouble).sin().view({5, 5});
  script.register_parameter("table", table.clone(), false);
  script.define(R"(
    def forward(self, tokens):
      return {"logits": self.table[tokens], "other": tokens}
  )");
  const auto path =
      (std::filesystem::temp_directory_path() / ("dag_script_" + std::to_string(getpid()) + ".pt"))
          .string();
  script.save(path);
  using Script = dag::TorchModel<dag::ScriptModuleImpl, double>;
  const dag::TorchModelOptions options{
      .vocabulary = 5, .prompt_length = 2, .trace_length = 3, .stop = stop, .pad = pad, .batch = 8};
  Script model(std::make_shared<dag::ScriptModuleImpl>(path), options);
  std::filesystem::remove(path);
  CHECK(model.parameter_count() == 25);
  CHECK(total_mass(model, {0, 1}) == doctest::Approx(1).epsilon(1e-12));
  // log softmax of the row of the token before.
  const at::Tensor rows = at::log_softmax(table, 1);
  const std::vector<TokenSequence> prompts{{0, 1}}, traces{{2, 0, stop}};
  std::vector<double> log_prob(1);
  dag::log_prob_batch<Script>(model, prompts, traces, log_prob);
  const auto entry = [&](std::int64_t from, std::int64_t to) {
    return rows[from][to].item<double>();
  };
  CHECK(log_prob[0] == doctest::Approx(entry(1, 2) + entry(2, 0) + entry(0, stop)));
  // A copy has weights of its own.
  const Script copy = model;
  std::vector<double> zeros(25, 0.0);
  model.set_parameters(zeros);
  dag::log_prob_batch<Script>(model, prompts, traces, log_prob);
  CHECK(log_prob[0] == doctest::Approx(3 * std::log(0.2)));
  dag::log_prob_batch<Script>(copy, prompts, traces, log_prob);
  CHECK(log_prob[0] == doctest::Approx(entry(1, 2) + entry(2, 0) + entry(0, stop)));
  CHECK_THROWS_WITH_AS(dag::ScriptModuleImpl("/no/such/file.pt"), doctest::Contains("/no/such"),
                       dag::Error);
  torch::jit::Module bad("Bad");
  bad.register_parameter("table", table.clone(), false);
  bad.define("def forward(self, tokens):\n  return 3\n");
  CHECK_THROWS_WITH_AS(Script(std::make_shared<dag::ScriptModuleImpl>(bad), options),
                       doctest::Contains("logits"), dag::Error);
}
