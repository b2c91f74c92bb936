// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "module.hpp"

#include <exception>

#include <dag/core/error.hpp>
#include <dag/version.hpp>

namespace nb = nanobind;

NB_MODULE(_core, m) {
  m.attr("__version__") = DAG_VERSION_STRING;
  static PyObject* const error_type = PyErr_NewExceptionWithDoc(
      "dag_games.Error", "A broken rule; the text names the rule and the values.",
      PyExc_ValueError, nullptr);
  m.attr("Error") = nb::handle(error_type);
  nb::register_exception_translator([](const std::exception_ptr& p, void*) {
    try {
      std::rethrow_exception(p);
    } catch (const dag::Error& error) {
      PyErr_SetString(error_type, error.what());
    }
  });
  dag_python::add_groups(m);
  dag_python::add_functions(m);
  dag_python::add_games(m);
  dag_python::add_batch(m);
  dag_python::add_training(m);
}
