// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Files of weights: what a module writes, another reads, in every type and by its names.
#include <dag/interop/torch_safetensors.hpp>

#include <torch/nn/module.h>

#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace {

struct Layer : torch::nn::Module {
  at::Tensor weight, count;
  Layer(at::ScalarType type, double start) {
    weight = register_parameter("weight", (torch::arange(6).view({2, 3}) + start).sin().to(type),
                                /*requires_grad=*/type != at::kLong);
    count = register_buffer("count", torch::full({}, static_cast<std::int64_t>(start)));
  }
};
/// Two layers, one in bfloat16, and a head tied to an embedding.
struct Net : torch::nn::Module {
  std::shared_ptr<Layer> first, second;
  at::Tensor in, out;
  explicit Net(double start) {
    first = register_module("first", std::make_shared<Layer>(at::kFloat, start));
    second = register_module("second", std::make_shared<Layer>(at::kBFloat16, start + 1));
    in = register_parameter("in", (torch::arange(8).view({4, 2}) * start).cos().to(at::kDouble));
    out = register_parameter("out", in);
  }
};
bool same(const Net& a, const Net& b) {
  return a.first->weight.equal(b.first->weight) && a.second->weight.equal(b.second->weight) &&
         a.first->count.equal(b.first->count) && a.in.equal(b.in) && b.out.is_same(b.in);
}
struct File {
  std::string path = (std::filesystem::temp_directory_path() /
                      ("dag_torch_" + std::to_string(::getpid()) + ".safetensors"))
                         .string();
  ~File() { std::filesystem::remove(path); }
};
template <class Work>
void refused(dag::Errc code, const char* why, Work work) {
  try {
    work();
    FAIL_CHECK("accepted: ", why);
  } catch (const dag::Error& error) {
    CHECK(error.code() == code);
    CHECK_MESSAGE(std::string(error.what()).find(why) != std::string::npos, error.what());
  }
}

}  // namespace

TEST_CASE("a module's weights go to a file and back, each in its type, tied ones once") {
  const File file;
  const Net from(2);
  dag::save_safetensors(from, file.path, {{"format", "pt"}});
  const dag::SafeTensors read(file.path);
  CHECK(read.tensors().size() == 5);
  CHECK(read.find("second.weight")->type == "BF16");
  CHECK(read.find("first.weight")->type == "F32");
  CHECK(read.find("first.count")->type == "I64");
  CHECK((read.find("in") != nullptr && read.find("out") == nullptr));
  Net to(5);
  CHECK(!same(from, to));
  dag::load_safetensors(to, file.path);
  CHECK(same(from, to));
  CHECK((to.second->weight.scalar_type() == at::kBFloat16));
  CHECK(to.first->weight.requires_grad());
  // Not contiguous: the values count, not how they lie.
  Net turned(5);
  turned.first->weight.set_data(from.first->weight.detach().t().contiguous().t());
  dag::save_safetensors(turned, file.path);
  dag::load_safetensors(to, file.path);
  CHECK(to.first->weight.equal(from.first->weight));
}

TEST_CASE("files that do not fit are refused, and change nothing") {
  const File file;
  Net net(3);
  const Net before(3);
  const auto load = [&](const std::vector<dag::SafeTensor>& tensors,
                        const dag::LoadSafeTensorsOptions& options = {}) {
    dag::write_safetensors(file.path, tensors);
    dag::load_safetensors(net, file.path, options);
  };
  const std::string six(24, 'x');
  const dag::SafeTensor weight{"first.weight", "F32", {2, 3}, six};
  const dag::LoadSafeTensorsOptions partial{.partial = true};
  const auto invalid = dag::Errc::invalid_argument;
  refused(invalid, "partial", [&] { load({weight}); });
  refused(invalid, "no tensor 'other'", [&] {
    load({weight, {"other", "U8", {1}, "x"}}, partial);
  });
  refused(dag::Errc::dimension_mismatch, "[3, 2]", [&] {
    load({{"first.weight", "F32", {3, 2}, six}}, partial);
  });
  refused(invalid, "BF16", [&] {
    load({{"first.weight", "BF16", {2, 3}, std::string_view(six).substr(12)}}, partial);
  });
  refused(invalid, "U64", [&] {  // a type that torch lacks is not converted
    load({{"first.count", "U64", {}, "12345678"}}, {.convert = true, .partial = true});
  });
  refused(dag::Errc::io, "/no/such", [&] { dag::load_safetensors(net, "/no/such"); });
  CHECK(same(before, net));
  // Asked for: another type, a part, more than there is.
  const std::vector<float> values{1, 2, 3, 4, 5, 1 + 0x1p-20F};
  load({{"second.weight", "F32", {2, 3}, {reinterpret_cast<const char*>(values.data()), 24}},
        {"other", "U8", {1}, "x"}},
       {.convert = true, .partial = true, .extra = true});
  CHECK((net.second->weight.scalar_type() == at::kBFloat16));
  CHECK(net.second->weight.to(at::kFloat)
            .equal(torch::tensor(std::vector<float>{1, 2, 3, 4, 5, 1}).view({2, 3})));
  CHECK(net.first->weight.equal(before.first->weight));
  // One name of a tied pair is enough, whichever.
  std::vector<double> numbers(8, 0.25);
  load({{"out", "F64", {4, 2}, {reinterpret_cast<const char*>(numbers.data()), 64}}}, partial);
  CHECK(net.in.equal(torch::full({4, 2}, 0.25, at::kDouble)));
}
