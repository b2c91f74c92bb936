# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0

# The targets beside dag::dag. Each exists where its dependency is found, and only there: nothing is
# required, nothing is downloaded. One file for the build tree and for the installed package, so
# that both offer the same.
#   dag::eigen   the CPU backend           Eigen 3.4 or newer, Eigen 5 included
#   dag::json    JSON Lines in and out     nlohmann-json 3.9 or newer
#   dag::xtensor payoff tensors, interop   xtensor 0.24 or newer
#   dag::utf8proc Unicode of answers     utf8proc (libutf8proc-dev), by interop/utf8proc.hpp
#   dag::re2     regular expressions       RE2 (libre2-dev on Debian); without it they are refused
#   dag::zlib    .gz files in              zlib (zlib1g-dev on Debian); without it they are refused
#   dag::torch   torch modules as models libtorch 1.13 or newer (TorchConfig.cmake; slow to look for,
#                so -DDAG_TORCH=OFF leaves it out)
#   dag::mpi     rewards over ranks        MPI (libopenmpi-dev openmpi-bin on Debian); -DDAG_MPI=OFF: not looked for
#   dag::openmp  threads of the batches  the compiler's OpenMP; without it one thread does the work
#   dag::compiled what <dag/compiled.hpp> lists, a static library made by the project that asks: by name
#                in find_package, or by -DDAG_COMPILED=ON where dag is taken in as sources
#   dag::cuda    the GPU backend           Thrust (CUDA Toolkit or libthrust-dev). For .cu files nvcc
#                is all it needs; for C++ define THRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP (_OMP)
# find_package(dag COMPONENTS ...) looks for what it names and for nothing else (cmake/dagConfig).
macro(_dag_is_wanted name)
  set(_dag_wanted TRUE)
  if(DEFINED _dag_components AND NOT "${name}" IN_LIST _dag_components)
    set(_dag_wanted FALSE)
  endif()
endmacro()

# The version is compared here: packages refuse one of another major version than asked for, and
# Eigen 5 serves as well as 3.4. Targets must be seen by the project that takes dag in; CMake has
# GLOBAL for that from 3.24 on.
macro(_dag_optional_target name package version dependency)
  _dag_is_wanted(${name})
  if(_dag_wanted AND NOT TARGET dag::${name})
    set(_dag_was_there FALSE)
    if(TARGET ${dependency})
      set(_dag_was_there TRUE)
    endif()
    if(CMAKE_VERSION VERSION_LESS 3.24)
      find_package(${package} QUIET NO_MODULE)
    else()
      find_package(${package} QUIET NO_MODULE GLOBAL)
    endif()
    if(TARGET ${dependency} AND "${${package}_VERSION}" VERSION_GREATER_EQUAL ${version})
      if(CMAKE_VERSION VERSION_LESS 3.24 AND NOT _dag_was_there)
        set_target_properties(${dependency} PROPERTIES IMPORTED_GLOBAL TRUE)
      endif()
      add_library(dag::${name} INTERFACE IMPORTED GLOBAL)
      target_link_libraries(dag::${name} INTERFACE dag::dag ${dependency})
    endif()
  endif()
endmacro()

_dag_optional_target(eigen Eigen3 3.4 Eigen3::Eigen)
_dag_optional_target(json nlohmann_json 3.9 nlohmann_json::nlohmann_json)
_dag_optional_target(xtensor xtensor 0.24 xtensor)

# By header and library, since not every RE2 brings a CMake package. Each defines its macro.
macro(_dag_optional_library name macro header library)
  _dag_is_wanted(${name})
  if(_dag_wanted)
    find_path(DAG_${macro}_INCLUDE ${header} DOC "Folder of ${header}")
    find_library(DAG_${macro}_LIBRARY ${library} DOC "The library ${library}")
    mark_as_advanced(DAG_${macro}_INCLUDE DAG_${macro}_LIBRARY)
    if(DAG_${macro}_INCLUDE AND DAG_${macro}_LIBRARY AND NOT TARGET dag::${name})
      add_library(dag::${name} INTERFACE IMPORTED GLOBAL)
      target_link_libraries(dag::${name} INTERFACE dag::dag ${DAG_${macro}_LIBRARY})
      target_include_directories(dag::${name} SYSTEM INTERFACE ${DAG_${macro}_INCLUDE})
      target_compile_definitions(dag::${name} INTERFACE DAG_${macro})
    endif()
  endif()
endmacro()

_dag_optional_library(re2 RE2 re2/re2.h re2)
_dag_optional_library(utf8proc UTF8PROC utf8proc.h utf8proc)
_dag_optional_library(zlib ZLIB zlib.h z)

# TorchConfig wants GLOBAL targets asked for from outside, and talks; its variables stay in a function.
# clang++ 14 cannot compile libtorch 1.13 as C++20 (vectors of an incomplete c10::IValue).
set(_dag_torch_compiles TRUE)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
  set(_dag_torch_compiles FALSE)
endif()
option(DAG_TORCH "Look for libtorch" ${_dag_torch_compiles})
function(_dag_find_torch)
  # PyTorch built for CUDA (the wheels of PyPI): its configuration ends ours where there is no CUDA toolkit, QUIET or
  # not. The half for the CPU is all that is used here.
  find_path(_dag_torch_config TorchConfig.cmake HINTS ${Torch_DIR} PATH_SUFFIXES share/cmake/Torch NO_CACHE)
  if(_dag_torch_config)
    get_filename_component(root ${_dag_torch_config}/../../.. ABSOLUTE)
    if(EXISTS ${root}/lib/libtorch_cuda.so AND EXISTS ${root}/lib/libtorch_cpu.so)
      add_library(dag::torch INTERFACE IMPORTED GLOBAL)
      target_include_directories(dag::torch SYSTEM INTERFACE ${root}/include
                                                             ${root}/include/torch/csrc/api/include)
      target_link_libraries(dag::torch INTERFACE dag::dag ${root}/lib/libtorch_cpu.so ${root}/lib/libc10.so)
      return()
    endif()
  endif()
  set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
  set(CMAKE_MESSAGE_LOG_LEVEL WARNING)
  find_package(Torch 1.13 QUIET)
  if(TARGET torch)
    add_library(dag::torch INTERFACE IMPORTED GLOBAL)
    target_link_libraries(dag::torch INTERFACE dag::dag ${TORCH_LIBRARIES})
  endif()
endfunction()
_dag_is_wanted(torch)
if(DAG_TORCH AND _dag_wanted AND NOT TARGET dag::torch)
  _dag_find_torch()
endif()

# By CMake's own module, which asks the C++ compiler; extra arguments: definitions.
macro(_dag_optional_module name package)
  _dag_is_wanted(${name})
  if(_dag_wanted AND NOT TARGET dag::${name})
    get_property(_dag_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    if(CXX IN_LIST _dag_languages)
      find_package(${package} QUIET COMPONENTS CXX)
      if(${package}_CXX_FOUND)  # FindMPI makes its target where it finds nothing, too
        set_target_properties(${package}::${package}_CXX PROPERTIES IMPORTED_GLOBAL TRUE)
        add_library(dag::${name} INTERFACE IMPORTED GLOBAL)
        target_link_libraries(dag::${name} INTERFACE dag::dag ${package}::${package}_CXX)
        target_compile_definitions(dag::${name} INTERFACE ${ARGN})
      endif()
    endif()
  endif()
endmacro()

option(DAG_MPI "Look for MPI" ON)
if(DAG_MPI)
  # The old C++ bindings of Open MPI and MPICH are left out.
  _dag_optional_module(mpi MPI OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
endif()
_dag_optional_module(openmp OpenMP)

# CCCL 3 keeps libcu++ and CUB beside Thrust; all live under the same folder.
find_path(DAG_THRUST_INCLUDE thrust/version.h
          HINTS /usr/local/cuda/include/cccl /usr/local/cuda/include ENV CUDA_PATH
          PATH_SUFFIXES include/cccl include
          DOC "Folder of thrust/version.h")
mark_as_advanced(DAG_THRUST_INCLUDE)
_dag_is_wanted(cuda)
if(DAG_THRUST_INCLUDE AND _dag_wanted AND NOT TARGET dag::cuda)
  add_library(dag::cuda INTERFACE IMPORTED GLOBAL)
  target_link_libraries(dag::cuda INTERFACE dag::dag)
  target_include_directories(dag::cuda SYSTEM INTERFACE ${DAG_THRUST_INCLUDE})
endif()

option(DAG_COMPILED "Offer dag::compiled, which compiles what most programs call once" OFF)
set(_dag_wanted ${DAG_COMPILED})
if("compiled" IN_LIST _dag_components)
  set(_dag_wanted TRUE)
endif()
if(_dag_wanted AND TARGET Eigen3::Eigen AND NOT TARGET dag::compiled)
  add_library(dag_compiled STATIC EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/compiled.cpp)
  target_link_libraries(dag_compiled PUBLIC dag::dag Eigen3::Eigen)
  target_compile_definitions(dag_compiled PUBLIC DAG_COMPILED)
  set_target_properties(dag_compiled PROPERTIES POSITION_INDEPENDENT_CODE ON)
  add_library(dag::compiled ALIAS dag_compiled)
endif()
