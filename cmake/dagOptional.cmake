# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0

# The targets beside dag::dag. Each exists where its dependency is found, and only there: nothing is
# required, nothing is downloaded. One file for the build tree and for the installed package, so
# that both offer the same.
#   dag::eigen   the CPU backend           Eigen 3.3 or newer
#   dag::json    JSON Lines in and out     nlohmann-json 3.9 or newer
#   dag::xtensor payoff tensors, interop   xtensor 0.24 or newer
macro(_dag_optional_target name package version dependency)
  find_package(${package} ${version} QUIET NO_MODULE GLOBAL)
  if(TARGET ${dependency} AND NOT TARGET dag::${name})
    add_library(dag::${name} INTERFACE IMPORTED GLOBAL)
    target_link_libraries(dag::${name} INTERFACE dag::dag ${dependency})
  endif()
endmacro()

_dag_optional_target(eigen Eigen3 3.3 Eigen3::Eigen)
_dag_optional_target(json nlohmann_json 3.9 nlohmann_json::nlohmann_json)
_dag_optional_target(xtensor xtensor 0.24 xtensor)
