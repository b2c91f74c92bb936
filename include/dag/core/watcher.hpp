// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <type_traits>

namespace dag {

/// A non-owning reference to what watches a solve: anything that can be called with what is `Seen`;
/// returning `false` stops the solve. Binds to named objects only, so that it cannot dangle inside
/// options.
template <class Seen>
class WatcherRef {
 public:
  WatcherRef() = default;
  template <std::invocable<const Seen&> Watcher>
  requires(!std::same_as<std::remove_cvref_t<Watcher>, WatcherRef>)
      WatcherRef(Watcher& watcher)  // NOLINT(google-explicit-constructor)
      : object_(const_cast<void*>(static_cast<const void*>(&watcher))),
        call_([](void* object, const Seen& seen) {
          if constexpr (std::is_void_v<std::invoke_result_t<Watcher&, const Seen&>>) {
            (*static_cast<Watcher*>(object))(seen);
            return true;
          } else {
            return static_cast<bool>((*static_cast<Watcher*>(object))(seen));
          }
        }) {}

  /// False if the watcher asks to stop.
  bool operator()(const Seen& seen) const { return call_ == nullptr || call_(object_, seen); }

 private:
  void* object_ = nullptr;
  bool (*call_)(void*, const Seen&) = nullptr;
};

}  // namespace dag
