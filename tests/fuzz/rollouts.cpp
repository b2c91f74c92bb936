// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Rollout files, line by line: refused, or groups with samples.
#include "fuzz.hpp"

#include <unistd.h>

#include <dag/io/atomic_file.hpp>
#include <dag/io/rollout_reader.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Watch watch;
  static const std::string path = "/tmp/dag-fuzz-rollouts." + std::to_string(::getpid());
  std::FILE* file = std::fopen(path.c_str(), "wb");
  fuzz::must(file != nullptr, "a temporary file");
  (void)std::fwrite(data, 1, size, file);
  std::fclose(file);
  fuzz::refusals_allowed([&] {
    dag::RolloutReader reader(path, {}, dag::AnswerField::optional);
    dag::RolloutGroup group;
    while (reader.next(group)) {
      fuzz::must(!group.samples.empty(), "a group has samples");
    }
  });
  ::unlink(path.c_str());
  return 0;
}
