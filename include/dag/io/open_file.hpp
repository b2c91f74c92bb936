// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <memory>

namespace dag {

/// What an `OpenFile` does in the end.
struct CloseFile {
  void operator()(std::FILE* file) const noexcept { (void)std::fclose(file); }
};
/// A file of the C library that is closed whatever happens: OpenFile file(std::fopen(...)).
using OpenFile = std::unique_ptr<std::FILE, CloseFile>;

}  // namespace dag
