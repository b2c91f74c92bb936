// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>

/// The native half of dag_games. Arrays come and go as views (NumPy, DLPack on the CPU); what
/// computes releases the interpreter's lock; errors of the library become dag_games.Error.
namespace dag_python {

namespace nb = nanobind;

void add_groups(nb::module_& m);     ///< groups.cpp: answers in groups, their rewards and signals
void add_functions(nb::module_& m);  ///< functions.cpp: tables, advantages, losses, texts
void add_games(nb::module_& m);      ///< games.cpp: solve, align
void add_batch(nb::module_& m);     ///< batch.cpp: many games in one call
void add_training(nb::module_& m);   ///< training.cpp: a model that is a Python object

using Array = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;
using Writable = nb::ndarray<nb::c_contig, nb::device::cpu>;

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

inline std::string text_of(nb::dlpack::dtype type) {
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
/// Ids of type int32, or of type int64 copied to `narrow` when all of them fit.
inline std::span<const std::int32_t> view_ids(const Array& array, std::vector<std::int32_t>& narrow,
                                              const char* name) {
  if (array.dtype() == nb::dtype<std::int32_t>()) {
    return view<std::int32_t>(array, name);
  }
  dag::require(array.dtype() == nb::dtype<std::int64_t>(), dag::Errc::invalid_argument, name,
               " must be int32 or int64, got ", text_of(array.dtype()));
  const auto wide = view<std::int64_t>(array, name);
  narrow.resize(wide.size());
  for (std::size_t i = 0; i < wide.size(); ++i) {
    const bool fits = wide[i] == static_cast<std::int32_t>(wide[i]);
    dag::require(fits || wide[i] < 0, dag::Errc::invalid_argument, name, ": entry ", i, " is ",
                 wide[i], "; ids must be below 2^31");
    narrow[i] = wide[i] < 0 ? -1 : static_cast<std::int32_t>(wide[i]);
  }
  return narrow;
}
/// Room for `size` entries of type T.
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

/// The bytes of a str, which live as long as it does.
inline std::string_view utf8(nb::handle text, const char* what) {
  Py_ssize_t size = 0;
  const char* data =
      PyUnicode_Check(text.ptr()) ? PyUnicode_AsUTF8AndSize(text.ptr(), &size) : nullptr;
  if (data == nullptr) {
    PyErr_Clear();
    dag::fail(dag::Errc::invalid_argument, what, " must be a str (well-formed Unicode), got ",
              std::string(nb::repr(text).c_str()).substr(0, 80));
  }
  return {data, static_cast<std::size_t>(size)};
}
/// A keyword and where its value goes.
struct Field {
  std::string_view name;
  std::function<void(nb::handle)> set;

  template <class T>
  static Field into(std::string_view name, T& place) {
    return {name, [&place](nb::handle value) { place = nb::cast<T>(value); }};
  }
};
/// Every keyword is known or refused, with the list of those that are.
inline void read_fields(const nb::dict& given, const char* what, const std::vector<Field>& known) {
  for (const auto& [name, value] : given) {
    const std::string_view key = utf8(name, "a keyword");
    std::string names;
    const Field* found = nullptr;
    for (const Field& field : known) {
      names += (names.empty() ? "" : ", ") + std::string(field.name);
      found = field.name == key ? &field : found;
    }
    dag::require(found != nullptr, dag::Errc::invalid_argument, what, ": no field is called '", key,
                 "'; there are ", names);
    try {
      found->set(value);
    } catch (const nb::cast_error&) {
      dag::fail(dag::Errc::invalid_argument, what, ": ", key, " is of the wrong type: ",
                std::string(nb::repr(value).c_str()).substr(0, 80));
    }
  }
}

/// None: no answer.
inline std::optional<std::string_view> optional_utf8(nb::handle text, const char* what) {
  return text.is_none() ? std::nullopt : std::optional(utf8(text, what));
}

}  // namespace dag_python
