// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <dag/detail/config.hpp>
#include <dag/gpu/block.hpp>
#include <dag/gpu/runtime.hpp>

namespace dag::device {

/// body(i) for every i < size, `chunk` of them a thread block.
template <class Body, std::size_t chunk>
struct EachIndex {
  std::size_t size;
  Body body;

  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const Body work = body;
    const std::size_t first = block.index() * chunk;
    block.each(size - first < chunk ? size - first : chunk,
               [=](std::size_t k) { work(first + k); });
  }
};

/// Launches body(i) for every i < size. Smaller chunks serve few, heavy bodies. Errors: device.
template <std::size_t chunk = 1024, class Body>
void launch_each(Stream stream, std::size_t size, const Body& body) {
  launch<256>(stream, (size + chunk - 1) / chunk, 256, 0, EachIndex<Body, chunk>{size, body});
}

}  // namespace dag::device
