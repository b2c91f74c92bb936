# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
# Shared by scripts/demo, scripts/test and .ci/run; read with `source`.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs=${DAG_JOBS:-$(nproc 2>/dev/null || echo 2)}

# What the library, its program and its tests need, by Debian's names.
packages=(g++ cmake ninja-build python3 libeigen3-dev doctest-dev nlohmann-json3-dev libcli11-dev
          libfmt-dev libxtensor-dev libre2-dev libutf8proc-dev zlib1g-dev gnuplot-nox)
# What the checks of .ci/run need beside that.
ci_packages=(clang libclang-rt-dev clang-format clang-tidy)
# What models on libtorch need; without it their tests are skipped.
torch_packages=(libtorch-dev libopenblas0-pthread)

say() { printf '\n== %s\n' "$*"; }
stop() {
  printf '\n%s\n' "$*" >&2
  exit 2
}

# install_missing PACKAGE...: on Debian and its children installs what is missing and nothing else;
# elsewhere looks whether the parts are there, and if not says what to install and stops (exit 2).
install_missing() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    look_for_parts
    return
  fi
  local missing=() package
  for package in "$@"; do
    if [[ $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) != *'ok installed'* ]]; then
      missing+=("$package")
    fi
  done
  if ((${#missing[@]} == 0)); then
    echo "Nothing to install: $* are here."
    return
  fi
  local as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      stop "Run as root, then start again:  apt-get update && apt-get install -y ${missing[*]}"
    fi
    as_root=(sudo)
  fi
  say "Installing ${missing[*]}"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q)
  "${apt[@]}" update || stop "apt-get update failed; see above."
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}" ||
    stop "apt-get could not install: ${missing[*]}; see above."
}

# Not Debian: the tools and headers by trial.
look_for_parts() {
  local missing=() tool header
  for tool in c++ cmake ninja python3 gnuplot; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  for header in Eigen/Core doctest/doctest.h nlohmann/json.hpp CLI/CLI.hpp fmt/format.h; do
    if ! c++ -std=c++20 -E -x c++ - -I/usr/include/eigen3 -I/usr/local/include/eigen3 \
      -I/usr/local/include -I/opt/homebrew/include -I/opt/homebrew/include/eigen3 \
      >/dev/null 2>&1 <<<"#include <$header>"; then
      missing+=("<$header>")
    fi
  done
  if ((${#missing[@]} == 0)); then
    echo "Nothing to install: tools and headers are here."
    return
  fi
  stop "Missing here: ${missing[*]}
This script installs packages on Debian and Ubuntu only. Install them, then start again:
  Fedora  sudo dnf install gcc-c++ cmake ninja-build python3 eigen3-devel doctest-devel json-devel cli11-devel fmt-devel xtensor-devel gnuplot
  Arch    sudo pacman -S gcc cmake ninja python eigen doctest nlohmann-json cli11 fmt xtensor gnuplot
  macOS   brew install cmake ninja python eigen doctest nlohmann-json cli11 fmt xtensor gnuplot
  else    a C++20 compiler (g++ 12 or clang++ 14 at least), CMake 3.25, Ninja, Python 3.9, Eigen 3.4,
          doctest, nlohmann-json 3.9, CLI11 2, fmt, gnuplot; xtensor 0.24 if wanted"
}

# configure_preset NAME [OPTION...]
configure_preset() {
  local version
  version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\.[0-9]*\).*/\1/p')
  if [[ $(printf '%s\n3.25\n' "$version" | sort -V | head -1) != 3.25 ]]; then
    stop "CMake 3.25 or newer is needed, this one is $version.  A newer one:  pip install cmake"
  fi
  say "Configuring $1 in build/$1"
  cmake --preset "$@" --log-level=WARNING
}

build_preset() {
  say "Building $1 with $jobs jobs"
  cmake --build --preset "$1" -j "$jobs" "${@:2}"
}

# run_ctest BUILD_FOLDER [OPTION...]: runs tests; the last line is "N passed, N failed" (a line
# before it tells of skipped ones).
run_ctest() {
  local log=$1/ctest.log code=0
  say "Testing $1"
  ctest --test-dir "$1" --output-on-failure --timeout 600 -j "$jobs" "${@:2}" 2>&1 | tee "$log" || code=$?
  awk '/tests passed, .* tests failed out of/ { failed = $4; total = $NF }
       /\*\*\*Skipped/ { ++skipped }
       END {
         if (total == "") { failed = 1; total = 1 }
         printf "\n%d skipped\n%d passed, %d failed\n", skipped, total - failed - skipped, failed
       }' "$log"
  return $code
}
