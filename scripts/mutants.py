#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Plants faults in headers, one at a time, in a copy of the sources, and runs the tests that guard them: a mutant that
its tests do not see is a survivor.

Usage: scripts/mutants.py [--only PART-OF-FILE] [--compiler g++] [--include DIR]...     exit 1 if one survives

A row: the header, the text that is there once, what stands there instead, the test that has to fail.
"""
import argparse
import concurrent.futures
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MUTANTS = [
    ("alignment/equilibrium.hpp", "found.violation <= options.tolerance * scale &&",
     "found.violation <= 1e5 * options.tolerance * scale &&", "theorem/certified_alignment.cpp"),
    ("alignment/equilibrium.hpp", "found.complementarity <= options.tolerance * scale * largest &&", "true &&",
     "theorem/certified_alignment.cpp"),
    ("alignment/equilibrium.hpp", "found.mixture_gap <= options.tolerance * rewards;", "true;",
     "theorem/certified_alignment.cpp"),
    ("alignment/alignment_solution.hpp", "found.mixture_gap = std::fmax(found.mixture_gap, mixed - least);", "",
     "theorem/certified_alignment.cpp"),
    ("solver/table/iterated_dominance.hpp", "better = better && theirs > mine;", "better = better && theirs >= mine;",
     "theorem/exact_equilibria.cpp"),
    ("solver/table/lemke_howson.hpp", "distance <= (exact_ ? 0.0 : 1e-9)", "distance <= (exact_ ? 0.0 : 1e-2)",
     "theorem/bimatrix_equilibria.cpp"),
    ("solver/table/correlated_equilibrium.hpp", "probability > 1e-13 ? probability : 0.0",
     "probability > 1e-3 ? probability : 0.0", "theorem/correlated.cpp"),
    ("solver/matrix/zero_sum.hpp", "found = support_polish(game_, std::move(found));", "", "theorem/zero_sum.cpp"),
    ("game/regret.hpp", "require(probability >= -tolerance && std::isfinite(probability)",
     "require(probability >= -1 && std::isfinite(probability)", "unit/catalogue.cpp"),
    ("game/correlated.hpp", "whole = detail::swap_gain(game, joint, i, exponents[i], deadline, gain);",
     "whole = true;", "theorem/correlated.cpp"),
    ("train/optimizer.hpp", "std::pow(square_decay_, static_cast<double>(steps_))",
     "std::pow(mean_decay_, static_cast<double>(steps_))", "unit/checkpoint.cpp"),
    ("train/optimizer.hpp", "std::pow(mean_decay_, static_cast<double>(steps_))",
     "std::pow(square_decay_, static_cast<double>(steps_))", "unit/checkpoint.cpp"),
    ("train/optimizer.hpp", "state.size() % 2 == 1 && state[0] >= 0", "!state.empty()", "unit/checkpoint.cpp"),
    ("train/optimizer.hpp", "gradient[i] * gradient[i] - square_[i]", "gradient[i] - square_[i]", "unit/checkpoint.cpp"),
    ("train/schedule.hpp", "static_cast<double>(step + 1)", "static_cast<double>(step)", "unit/checkpoint.cpp"),
    ("train/schedule.hpp", "if (step < warm_up)", "if (step <= warm_up)", "unit/checkpoint.cpp"),
    ("train/schedule.hpp", "std::fmin(static_cast<double>(step - warm_up) / span, 1.0)",
     "static_cast<double>(step - warm_up) / span", "unit/checkpoint.cpp"),
    ("train/checkpoint.hpp", "require(in.at_end(),", "require(true || in.at_end(),", "unit/checkpoint.cpp"),
    ("train/checkpoint.hpp", "size <= bytes_.size() / 8", "size <= bytes_.size()", "unit/checkpoint.cpp"),
    ("train/checkpoint.hpp", "detail::read_bytes(path, before) && detail::whole_checkpoint(before)",
     "detail::read_bytes(path, before)", "unit/checkpoint.cpp"),
    ("train/checkpoint.hpp", "require(stored == crc32(body)", "require(true || stored == crc32(body)",
     "unit/checkpoint.cpp"),
    ("io/file_lock.hpp", "LOCK_EX | LOCK_NB) != 0", "LOCK_SH | LOCK_NB) != 0", "unit/checkpoint.cpp"),
    ("io/atomic_file.hpp", "name.find_first_not_of(\"0123456789.\", start.size()) != std::string_view::npos", "false",
     "unit/checkpoint.cpp"),
    ("io/atomic_file.hpp", "if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0 && ::fstat", "if (::fstat", "unit/checkpoint.cpp"),
    ("io/csv.hpp", "const bool corner = cells_.size() > 1 && cells_[0].text.empty();",
     "const bool corner = false;", "unit/tables.cpp"),
    ("io/csv.hpp", "require(!pairs_ || sure_pairs_,", "require(true,", "unit/tables.cpp"),
    ("io/detail/cells.hpp", "{\"\\xE2\\x88\\x92\", \"\\xEF\\xB9\\xA3\", \"\\xEF\\xBC\\x8D\"}", "{\"\\xEF\\xB9\\xA3\"}",
     "unit/tables.cpp"),
    ("io/csv.hpp", "require(kind != Cell::number || !cells_[0].quoted || !others_plain,",
     "require(true || others_plain,", "unit/tables.cpp"),
    ("io/csv.hpp", "Number other = pairs_ ? std::move(payoffs_[2 * at + 1])",
     "Number other = pairs_ ? payoffs_[2 * at]", "unit/tables.cpp"),
    ("io/json_text.hpp", "if (++depth > levels)", "if (depth++ > levels + 9)", "unit/tables.cpp"),
    ("solver/tree/regret_step.hpp", "const Real r = value[a] - expected;", "const Real r = value[a];",
     "theorem/tree_solvers.cpp"),
    ("solver/tree/regret_step.hpp", "total = total > 0 ? total : Real{0};", "total = total > 0 ? total : -total;",
     "theorem/tree_solvers.cpp"),
    ("solver/tree/counterfactual_regret.hpp", "x[s] = reach * p[s];", "x[s] = p[s];", "theorem/tree_solvers.cpp"),
    ("solver/first_order/mirror_prox.hpp", "this->move(this->last(), this->gradient(), next_.view());",
     "this->move(std::as_const(probe_).view(), this->gradient(), next_.view());", "theorem/tree_solvers.cpp"),
    ("solver/first_order/mirror_prox.hpp", "this->evaluate(std::as_const(probe_).view());",
     "this->evaluate(this->last());", "theorem/tree_solvers.cpp"),
    ("geometry/subtrees.hpp", "q[shape.parent[k]] += slot != none ? worth[slot] : value(k);",
     "q[shape.parent[k]] += slot != none ? Real{0} : value(k);", "theorem/tree_solvers.cpp"),
    ("geometry/subtrees.hpp", "worth[slot] = found;", "q[shape.parent[k]] += worth[slot] = found;",
     "theorem/tree_solvers.cpp"),
    ("io/printable.hpp", "value >= 0x7F && value < 0xA0", "value == 0x7F", "unit/tables.cpp"),
    ("text/detail/prime_field.hpp", "return sum >= prime_ ? sum - prime_ : sum;", "return sum;", "unit/answer_judged.cpp"),
    ("text/detail/prime_field.hpp", "Residue{minus(a->value), a->degree}", "Residue{a->value, a->degree}", "unit/answer_judged.cpp"),
    ("text/detail/lexer.hpp", "if (!digits.empty() && on(AnswerRule::thousands)) {", "if (!digits.empty()) {", "unit/answer.cpp"),
    ("text/extract_number.hpp", "const bool piece = token.fragment || before", "const bool piece = before", "unit/extract.cpp"),
    ("text/extract_number.hpp", "before == Before::fragment || token.spelled.empty()", "token.spelled.empty()", "unit/extract.cpp"),
    ("estimate/classic_tables.hpp", "function(static_cast<double>(k + 1) / static_cast<double>(group_size))",
     "function(static_cast<double>(k + 1) / static_cast<double>(group_size + 1))", "unit/reward_table.cpp"),
    ("estimate/classic_tables.hpp", "k == 0 && infinite_at_zero ? 0.5", "k == 0 && infinite_at_zero ? 1.0",
     "unit/reward_table.cpp"),
    ("estimate/classic_tables.hpp", "power ? k : group_size - 1 - k", "power ? k : group_size - k", "unit/reward_table.cpp"),
    ("estimate/classic_tables.hpp", "digamma(static_cast<long double>(k + 1)) - top", "digamma(static_cast<long double>(k + 2)) - top",
     "unit/reward_table.cpp"),
    ("alignment/agreement_equilibria.hpp", "const double strength = 2 * weight / beta;", "const double strength = weight / beta;",
     "theorem/sharpening.cpp"),
    ("alignment/agreement_equilibria.hpp", "one.value -= weight * w * w *", "one.value -= weight * w *", "theorem/sharpening.cpp"),
    ("alignment/agreement_equilibria.hpp", "if (end.stable) {\n      (void)add(end);", "{\n      (void)add(end);",
     "theorem/sharpening.cpp"),
    ("game/behavior.hpp", "best = own[a] > own[best] ? a : best;", "best = own[a] < own[best] ? a : best;", "unit/trees.cpp"),
    ("game/behavior.hpp", "report.regret.nash_conv += regret;", "report.regret.nash_conv = regret;", "unit/trees.cpp"),
    ("game/behavior.hpp", "const double regret = form.unit[i] * std::max", "const double regret = std::max", "unit/trees.cpp"),
    ("utility/maj_at_k.hpp", "at(tied, votes_)].right / static_cast<Real>(tied);", "at(tied, votes_)].right;", "unit/max_at_k.cpp"),
    ("utility/maj_at_k.hpp", "].right = 1 / static_cast<Real>(tied);", "].right = 1;", "unit/max_at_k.cpp"),
    ("utility/maj_at_k.hpp", "a.all += right(w) ? a.right : Real{0};", "a.all += a.right;", "unit/max_at_k.cpp"),
]


def flags(include, includes):
    return ["-std=c++20", "-O1", "-w", '-DDAG_SHARED_DATA="/none"', '-DDAG_TEST_DATA="' + str(ROOT / "tests/data") + '"',
            f"-I{include}", f"-I{ROOT}/tests", *includes]


def killed(mutant, compiler, includes, main_object):
    header, before, after, test = mutant
    with tempfile.TemporaryDirectory(prefix="dag-mutant-") as folder:
        copy = pathlib.Path(folder)
        shutil.copytree(ROOT / "include", copy / "include")
        path = copy / "include/dag" / header
        text = path.read_text()
        if text.count(before) != 1:
            return f"BAD ROW: {text.count(before)} times in {header}: {before}"
        path.write_text(text.replace(before, after))
        build = subprocess.run([compiler, *flags(copy / "include", includes), ROOT / "tests" / test, main_object, "-o",
                                copy / "test"], capture_output=True, text=True)
        if build.returncode != 0:
            return f"BAD ROW: it does not compile: {build.stderr.splitlines()[0][:90]}"
        try:
            run = subprocess.run([copy / "test"], capture_output=True, timeout=180)
        except subprocess.TimeoutExpired:
            return "killed (it hangs)"
        return "SURVIVES" if run.returncode == 0 else "killed"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--include", action="append", default=["/usr/include/eigen3"])
    parser.add_argument("--jobs", type=int, default=1)
    words = parser.parse_args()
    chosen = [m for m in MUTANTS if words.only in m[0]]
    includes = [f"-I{folder}" for folder in words.include]
    bad = 0
    with tempfile.TemporaryDirectory(prefix="dag-mutant-") as folder, \
            concurrent.futures.ThreadPoolExecutor(words.jobs) as pool:
        main_object = pathlib.Path(folder) / "main.o"
        subprocess.run([words.compiler, *flags(ROOT / "include", includes), "-c", ROOT / "tests/support/main.cpp", "-o",
                        main_object], check=True)
        verdicts = pool.map(lambda m: killed(m, words.compiler, includes, main_object), chosen)
        for mutant, verdict in zip(chosen, verdicts):
            print(f"{verdict:>24}  {mutant[0]}: {mutant[1][:50]} -> {mutant[2][:40]}", flush=True)
            bad += not verdict.startswith("killed")
    print(f"{len(chosen) - bad} of {len(chosen)} mutants are seen")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
