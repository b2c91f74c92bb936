// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Checkpoints: refused, or one that is written and read back as it was; with a right checksum put
// under the bytes, so that what stands behind it is reached as well.
#include "fuzz.hpp"

#include <string>
#include <vector>

#include <dag/train/checkpoint.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Watch watch;
  std::vector<unsigned char> bytes(data, data + size);
  fuzz::refusals_allowed([&] { (void)dag::detail::parse_checkpoint(bytes, "fuzz"); });
  dag::detail::ByteWriter signed_bytes;
  signed_bytes.raw(dag::detail::checkpoint_magic.data(), dag::detail::checkpoint_magic.size());
  signed_bytes.raw(data, size);
  signed_bytes.word(dag::detail::crc32(signed_bytes.bytes()));
  return fuzz::refusals_allowed([&] {
    const dag::Checkpoint point = dag::detail::parse_checkpoint(signed_bytes.bytes(), "fuzz");
    (void)dag::fingerprint_difference(point.fingerprint, "beta=1\n");
    fuzz::must(point.parameters.size() + point.reference.size() + point.optimizer.size() +
                       point.multipliers.size() <=
                   size / 8,
               "no more numbers than there are bytes");
  });
}
