// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#define DOCTEST_CONFIG_IMPLEMENT
#include <cuda_runtime.h>

#include <cstdio>

#include <doctest/doctest.h>

int main(int argc, char** argv) {
  int devices = 0;
  const cudaError_t found = cudaGetDeviceCount(&devices);
  if (found != cudaSuccess || devices == 0) {
    std::printf("skipped: no CUDA device here (%s)\n", cudaGetErrorString(found));
    return 77;
  }
  return doctest::Context(argc, argv).run();
}
