// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include <utf8proc.h>

#include <dag/text/compose.hpp>

namespace dag {

namespace detail {

[[nodiscard]] inline std::string compose_by_utf8proc(std::string_view text) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
      static_cast<utf8proc_ssize_t>(text.size()), &mapped,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT));
  if (size < 0) {
    return std::string(text);  // no UTF-8: as it is
  }
  std::string out(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size));
  std::free(mapped);
  return out;
}

}  // namespace detail

/// Texts are composed (NFKC) by utf8proc in every program that includes this header. Link
/// dag::utf8proc.
inline const bool composed_by_utf8proc = [] {
  text_composer = detail::compose_by_utf8proc;
  return true;
}();

}  // namespace dag
