# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0

# Programs compiled by nvcc: device tests, device benchmarks. The headers of the GPU backend need no
# option: a consumer includes <dag/cuda.cuh> from its own .cu files.
set(DAG_CUDA OFF CACHE STRING "Build dag's own device programs with nvcc: ON, OFF, AUTO (if found)")
set_property(CACHE DAG_CUDA PROPERTY STRINGS ON OFF AUTO)
set(DAG_CUDA_FOUND OFF)
if(NOT DAG_CUDA STREQUAL "OFF" AND DAG_CUDA)
  set(DAG_CUDA_FOUND ON)
elseif(DAG_CUDA STREQUAL "AUTO")
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    set(DAG_CUDA_FOUND ON)
  else()
    message(STATUS "dag: no nvcc: device programs are left out (DAG_CUDA=AUTO)")
  endif()
endif()
if(DAG_CUDA_FOUND)
  # Machine code for Hopper, and PTX that newer devices compile for themselves.
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 90)
  endif()
  enable_language(CUDA)
  # CMake 3.25 does not know that nvcc 13 speaks C++20.
  set(DAG_CUDA_FLAGS -std=c++20 -Xcompiler=-Wall,-Wextra)
  if(DAG_WERROR)
    list(APPEND DAG_CUDA_FLAGS -Werror=all-warnings)
  endif()
endif()
