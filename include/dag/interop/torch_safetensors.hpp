// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <torch/nn/module.h>
#include <torch/types.h>

#include <dag/core/error.hpp>
#include <dag/io/printable.hpp>
#include <dag/io/safetensors.hpp>

namespace dag {

/// How a file's tensors and a module's have to agree.
struct LoadSafeTensorsOptions {
  bool convert = false;  ///< other types are converted, rounding where they have to; else refused
  bool partial = false;  ///< tensors of the module that the file lacks keep their values
  bool extra = false;    ///< tensors of the file that the module lacks are passed over
};

namespace detail {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

inline constexpr std::array<std::pair<std::string_view, at::ScalarType>, 10> torch_types{
    {{"F32", at::kFloat},
     {"BF16", at::kBFloat16},
     {"F16", at::kHalf},
     {"F64", at::kDouble},
     {"I64", at::kLong},
     {"I32", at::kInt},
     {"I16", at::kShort},
     {"I8", at::kChar},
     {"U8", at::kByte},
     {"BOOL", at::kBool}}};

/// Parameters and buffers by name ("block.weight"), with every name of tied ones.
[[nodiscard]] inline std::map<std::string, at::Tensor> named_tensors(
    const torch::nn::Module& module) {
  std::map<std::string, at::Tensor> all;
  for (const auto& entry : module.named_parameters()) {
    all.emplace(entry.key(), entry.value());
  }
  for (const auto& entry : module.named_buffers()) {
    if (entry.value().defined()) {
      all.emplace(entry.key(), entry.value());
    }
  }
  return all;
}

}  // namespace detail

/// Writes the parameters and buffers of a module by their names, each in its own type; a tensor of
/// several names (tied weights) once, under the first in the alphabet. Whole or not at all. Copies
/// one tensor a time where it is on a device or not contiguous, all of these at once. Errors:
/// unsupported (a type that the format lacks), io.
inline void save_safetensors(const torch::nn::Module& module, const std::string& path,
                             const std::map<std::string, std::string>& metadata = {}) {
  std::vector<at::Tensor> held, seen;
  std::vector<SafeTensor> tensors;
  for (const auto& [name, tensor] : detail::named_tensors(module)) {
    const at::Tensor& own = tensor;
    if (std::any_of(seen.begin(), seen.end(),
                    [&](const at::Tensor& other) { return other.is_same(own); })) {
      continue;
    }
    seen.push_back(own);
    const auto* type =
        std::find_if(detail::torch_types.begin(), detail::torch_types.end(),
                     [&](const auto& entry) { return entry.second == own.scalar_type(); });
    require(type != detail::torch_types.end(), Errc::unsupported, "save_safetensors: '", name,
            "' is of type ", c10::toString(own.scalar_type()), ", which the format lacks");
    const at::Tensor& flat = held.emplace_back(own.detach().cpu().contiguous());
    tensors.push_back({.name = name,
                       .type = std::string(type->first),
                       .shape = {flat.sizes().begin(), flat.sizes().end()},
                       .bytes = {static_cast<const char*>(flat.data_ptr()), flat.nbytes()}});
  }
  write_safetensors(path, tensors, metadata);
}

/// Gives the parameters and buffers of a module the values of the file's tensors of the same names.
/// Types stay the module's. Everything is checked before anything is written: on an error the
/// module is as before. Load before a `TorchModel` takes the module, or call its
/// `reread_parameters()` after. Errors: those of `SafeTensors`; dimension_mismatch (shapes),
/// invalid_argument (types, unless options.convert; names that only one side has, unless
/// options.partial or extra; tied weights count as there where one of their names is).
inline void load_safetensors(torch::nn::Module& module, const SafeTensors& file,
                             const LoadSafeTensorsOptions& options = {}) {
  auto own = detail::named_tensors(module);
  std::vector<std::pair<at::Tensor, at::Tensor>> moves;
  for (const SafeTensor& tensor : file.tensors()) {
    const auto found = own.find(tensor.name);
    if (found == own.end()) {
      require(options.extra, Errc::invalid_argument, "load_safetensors: the module has no tensor '",
              printable(tensor.name), "' (LoadSafeTensorsOptions::extra passes over it)");
      continue;
    }
    const at::Tensor& place = found->second;
    const std::vector<std::int64_t> shape(tensor.shape.begin(), tensor.shape.end());
    const auto* type = std::find_if(detail::torch_types.begin(), detail::torch_types.end(),
                                    [&](const auto& entry) { return entry.first == tensor.type; });
    require(place.sizes() == at::IntArrayRef(shape), Errc::dimension_mismatch,
            "load_safetensors: '", printable(tensor.name), "' has the shape ",
            c10::str(at::IntArrayRef(shape)), " in the file and ", c10::str(place.sizes()),
            " in the module");
    require(type != detail::torch_types.end() &&
                (options.convert || type->second == place.scalar_type()),
            Errc::invalid_argument, "load_safetensors: '", printable(tensor.name), "' is of type ",
            tensor.type, " in the file and ", c10::toString(place.scalar_type()),
            " in the module (LoadSafeTensorsOptions::convert rounds)");
    // from_blob takes what it does not write to.
    moves.emplace_back(place, torch::from_blob(const_cast<char*>(tensor.bytes.data()), shape,
                                               torch::dtype(type->second)));
  }
  for (const auto& [name, place] : own) {
    const at::Tensor& wanted = place;
    const bool given = std::any_of(moves.begin(), moves.end(),
                                   [&](const auto& move) { return move.first.is_same(wanted); });
    require(given || options.partial, Errc::invalid_argument,
            "load_safetensors: the file has no tensor '", name,
            "' (LoadSafeTensorsOptions::partial keeps its values)");
  }
  const torch::NoGradGuard no_graph;
  for (auto& [place, values] : moves) {
    place.data().copy_(values);
  }
}
inline void load_safetensors(torch::nn::Module& module, const std::string& path,
                             const LoadSafeTensorsOptions& options = {}) {
  load_safetensors(module, SafeTensors(path), options);
}

}  // namespace dag
