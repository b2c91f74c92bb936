#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""What the library says and does under flags that it has to know about.

    flags.py COMPILER FOLDER -IDIR...    FOLDER: where to put the objects

-std=c++17 is answered by one sentence, -ffast-math and -ffinite-math-only are refused,
-fno-exceptions works with and without a hook, and files compiled for different instruction sets
share no function that depends on them. A min or max that is a macro is answered by one sentence.
"""
import pathlib
import subprocess
import sys

FAST = {"-ffast-math": "compile without -ffast-math", "-ffinite-math-only": "compile without -ffast-math"}

SOLVE = """
#include <cstdio>
#include <cstdlib>
%s
#include <dag/eigen.hpp>
int main() {
  Eigen::MatrixXd a(2, 2);
  a << 3, -1, -2, 1;
  const auto found = dag::mirror_prox(dag::MatrixGame{a}, {.tolerance = 1e-9});
  std::printf("gap %%.1e\\n", found.gap);
  (void)dag::mirror_prox(dag::MatrixGame{a}, {.tolerance = -1});
}
"""
HOOK = """
#include <exception>
namespace dag { class Error; }
[[noreturn]] void hook(const std::exception& error);
#define DAG_THROW(error) hook(error)
#include <dag/core/error.hpp>
void hook(const std::exception& error) { std::printf("hook: %s\\n", error.what()); std::exit(7); }
"""
REWARDS = """
#include <dag/answers/reward.hpp>
dag::AdvantageReport NAME(std::span<const std::int32_t> ids, std::span<const std::int64_t> begin,
                          const dag::RewardTables<float>& tables, std::span<float> out) {
  return dag::table_rewards<float>(ids, begin, tables, dag::Advantage::trl_none, out, out);
}
"""


class Checks:
    def __init__(self, compiler, folder, includes):
        self.compiler, self.includes, self.failures = compiler, includes, 0
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def compile(self, name, text, flags):
        source = self.folder / f"{name}.cpp"
        source.write_text(text, encoding="utf-8")
        return subprocess.run([self.compiler, *flags, *self.includes, str(source)],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def holds(self, what, condition, output=""):
        print(("ok      " if condition else "FAILED  ") + what)
        if not condition:
            self.failures += 1
            print(output[:2000])

    def refusals(self):
        for header in ("dag/dag.hpp", "dag/eigen.hpp", "dag/answers/reward.hpp", "dag/solver/matrix/zero_sum.hpp"):
            run = self.compile("old", f"#include <{header}>\n", ["-std=c++17", "-fsyntax-only"])
            said = [line for line in run.stderr.splitlines() if "error:" in line]
            self.holds(f"<{header}> under -std=c++17: one sentence, then the end",
                       run.returncode != 0 and "dag needs C++20" in (said or [""])[0] and len(said) == 2,
                       run.stderr)
        for flag, words in FAST.items():
            run = self.compile("fast", "#include <dag/core/error.hpp>\n", ["-std=c++20", "-fsyntax-only", flag])
            self.holds(f"{flag} is refused", run.returncode != 0 and words in run.stderr, run.stderr)

        run = self.compile("macros", "#include <algorithm>\n#define min(a, b) (((a) < (b)) ? (a) : (b))\n"
                           "#include <dag/core/error.hpp>\n", ["-std=c++20", "-fsyntax-only"])
        self.holds("min as a macro is refused", run.returncode != 0 and "define NOMINMAX" in run.stderr, run.stderr)
        run = self.compile("words", "#include <algorithm>\n#include <Eigen/Dense>\n#define near\n#define far\n"
                           "#include <dag/eigen.hpp>\n#include <dag/solver/matrix/zero_sum.hpp>\n"
                           "#include <dag/solver/table/quantal_path.hpp>\n#include <dag/answers/group.hpp>\n",
                           ["-std=c++20", "-fsyntax-only"])
        self.holds("near and far as macros, as windows.h has them, do no harm", run.returncode == 0, run.stderr)

    def without_exceptions(self):
        for name, hook, code, words in (("abort", "", None, "tolerance must be"), ("hook", HOOK, 7, "hook: ")):
            program = self.folder / name
            built = self.compile(name, SOLVE % hook, ["-std=c++20", "-fno-exceptions", "-O0", "-o", str(program)])
            self.holds(f"-fno-exceptions compiles ({name})", built.returncode == 0, built.stderr)
            if built.returncode == 0:
                run = subprocess.run([program], capture_output=True, text=True)
                ended = run.returncode == code if code is not None else run.returncode < 0
                self.holds(f"-fno-exceptions: a wrong option ends in {name} with its message",
                           ended and words in run.stdout + run.stderr, run.stdout + run.stderr)

    def instruction_sets(self):
        names = {}
        for name, flags in (("base", []), ("wide", ["-mavx2", "-mfma"])):
            target = self.folder / f"{name}.o"
            run = self.compile(name, REWARDS.replace("NAME", name), ["-std=c++20", "-O1", "-c", "-o", str(target), *flags])
            if run.returncode != 0 and flags:
                print(f"skipped: {' '.join(flags)} is not known here")
                return
            table = subprocess.run(["nm", "-C", "--defined-only", str(target)], capture_output=True, text=True).stdout
            names[name] = {line.split(" ", 2)[2] for line in table.splitlines() if "table_rewards" in line or "fused_group" in line
                           or "GeneralGroup" in line or "count_blocks" in line or "LargeGroupCounter" in line}
        self.holds("there are such functions", bool(names["base"]) and bool(names["wide"]))
        shared = names["base"] & names["wide"]
        self.holds("no function of one name for two instruction sets", not shared, "\n".join(sorted(shared)))


def main():
    checks = Checks(sys.argv[1], sys.argv[2], sys.argv[3:])
    checks.refusals()
    checks.without_exceptions()
    checks.instruction_sets()
    return 1 if checks.failures else 0


if __name__ == "__main__":
    sys.exit(main())
