// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <torch/nn/cloneable.h>
#include <torch/script.h>

#include <dag/core/error.hpp>

namespace dag {

/// A module that was traced or scripted in Python (torch.jit.trace, torch.jit.script), as what
/// TorchModel takes: somebody else's pretrained model without its Python.
///
/// Its forward takes token ids [batch, time] (int64) and returns logits [batch, time, vocabulary]:
/// as a tensor, first of a tuple, or as "logits" of a dict (Hugging Face). A traced module has the
/// shapes that it was traced with where its code asks for sizes; TorchModel keeps shapes fixed, so
/// trace it with `batch` rows of prompt_length + trace_length - 1 tokens, or with sizes that stay
/// dynamic, and with dropout off. Where its forward also asks for `attention_mask` or
/// `position_ids` (by these names, and without a default), it is given ones and 0, 1, 2, ...: rows
/// begin with their prompts, and what fills them up stands behind, where a causal module does not
/// look.
///
/// Parameters: those of the module, seen by their own names with '.' as '_'. Buffers stay as they
/// are (and on the CPU). A copy copies the module; weights tied within it stay tied. No cache: each
/// sampled token costs a pass over its whole prefix. Errors: invalid_argument (a file that is no
/// TorchScript module; a forward that asks for something else; no tensor of logits); what torch
/// throws in the module's own code passes through.
class ScriptModuleImpl : public torch::nn::Cloneable<ScriptModuleImpl> {
 public:
  explicit ScriptModuleImpl(torch::jit::Module module) : module_(std::move(module)) { reset(); }
  explicit ScriptModuleImpl(const std::string& file) : ScriptModuleImpl(load(file)) {}

  /// A module of its own: also what a clone is made by.
  void reset() override {
    module_ = module_.deepcopy();
    module_.eval();
    for (const auto& parameter : module_.named_parameters()) {
      std::string name = parameter.name;
      std::replace(name.begin(), name.end(), '.', '_');
      const std::string first = name;
      for (int again = 2; parameters_.contains(name); ++again) {
        name = first + "_" + std::to_string(again);
      }
      register_parameter(name, parameter.value, parameter.value.requires_grad());
    }
  }

  at::Tensor forward(const at::Tensor& tokens) {
    const c10::IValue out = module_.forward(arguments(tokens));
    if (out.isTensor()) {
      return out.toTensor();
    }
    if (out.isTuple() && !out.toTupleRef().elements().empty() &&
        out.toTupleRef().elements()[0].isTensor()) {
      return out.toTupleRef().elements()[0].toTensor();
    }
    if (out.isGenericDict()) {
      const auto dict = out.toGenericDict();
      const auto found = dict.find("logits");
      if (found != dict.end() && found->value().isTensor()) {
        return found->value().toTensor();
      }
    }
    fail(Errc::invalid_argument,
         "ScriptModule: forward must return a tensor of logits, a tuple that begins with it, or a "
         "dict that has it as \"logits\"; it returned ",
         out.tagKind());
  }

 private:
  [[nodiscard]] std::vector<c10::IValue> arguments(const at::Tensor& tokens) const {
    std::vector<c10::IValue> given{tokens};
    const auto method = module_.get_method("forward");
    const auto& wanted = method.function().getSchema().arguments();
    for (std::size_t i = 2; i < wanted.size() && !wanted[i].default_value(); ++i) {  // self, tokens
      if (wanted[i].name() == "attention_mask") {
        given.emplace_back(at::ones_like(tokens));
      } else if (wanted[i].name() == "position_ids") {
        given.emplace_back(at::arange(tokens.size(1), tokens.options()).expand_as(tokens));
      } else {
        fail(Errc::invalid_argument, "ScriptModule: forward asks for '", wanted[i].name(),
             "' after the token ids; it may ask for attention_mask and position_ids");
      }
    }
    return given;
  }
  [[nodiscard]] static torch::jit::Module load(const std::string& file) {
    try {
      return torch::jit::load(file);
    } catch (const c10::Error& error) {
      fail(Errc::invalid_argument, "ScriptModule: ", file,
           " cannot be read as a TorchScript module: ", error.what_without_backtrace());
    }
  }

  torch::jit::Module module_;
};

}  // namespace dag
