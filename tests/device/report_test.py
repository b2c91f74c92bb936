# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""What scripts/gpu runs on a device, end to end without one.

    report_test.py TESTS BENCHMARK CPU_GAMES        (programs built for the host's executors)

All steps run at small size and their errors are those of rounding; report.py makes the table of docs/cuda.md from what
they wrote, and says yes and no where a target is met and missed. Then what goes wrong on a device: no device, a crash,
a hang, a cut, wrong numbers. The page itself is not touched.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks/cuda"))
import report  # noqa: E402
import run_steps  # noqa: E402

ERRORS = {"dual_product_float": 1e-6, "answer_groups": 1e-5, "token_log_probs_bf16": 1e-4, "ragged_softmax": 1e-5,
          "ragged_jensen_shannon": 1e-6, "utility_rewards": 1e-5}
ON_A_DEVICE_ALONE = {"torch", "python", "memcheck_tests", "racecheck_tests", "memcheck_benchmark"}


def program(path, lines):
    path.unlink(missing_ok=True)
    path.write_text("#!/bin/sh\n" + lines + "\n")
    path.chmod(0o755)


def steps(programs, results, *rest):
    done = subprocess.run([sys.executable, run_steps.__file__, "--programs", programs, "--results", results, *rest],
                          capture_output=True, text=True, timeout=300)
    return done.returncode, json.loads(results.read_text())["steps"], done.stdout + done.stderr


def check_report(at, results):
    """The table as measured, then with every number made good, then made bad."""
    page = at / "page.md"
    before = (ROOT / "docs/cuda.md").read_text()
    page.write_text(before)

    def made(run):
        (at / "changed.json").write_text(json.dumps(run))
        report.main(str(at / "changed.json"), str(at / "figures"), str(page))
        lines = {}  # figures stand above steps, some of which have their names
        for line in page.read_text().split("\n"):
            if line.startswith("| "):
                lines.setdefault(line.split("|")[1].strip(), line)
        return lines

    run = json.loads(results.read_text())
    peers = {"cublas_two_products_float", "torch_log_softmax_gather"}
    lines = made(run)
    for name in ("equilibria_float", "equilibria_double"):
        assert lines[name].endswith("| yes |"), lines[name]
    assert set(report.TARGETS) - peers <= set(lines), set(report.TARGETS) - peers - set(lines)
    for good in (True, False):
        changed = json.loads(results.read_text())
        found = {name: entry["result"] for name, entry in changed["steps"].items() if "result" in entry}
        found["dual_product"]["results"].append({"name": "cublas_two_products_float", "ms": 1.0,
                                                 "times_ours": 9.0 if good else 1.0})
        changed["steps"]["torch"] = {"status": "passed", "result": {"log_softmax_gather_ms": 9.0 if good else 1.0}}
        for result in found.values():
            for row in result.get("results", []):
                row.update(of_copy=0.99 if good else 0.01, ms=1.0)
                for field, value in {"rounds_per_s": 1e12, "synchronizations_per_s": 5.0, "relative_gap": 1e-9}.items():
                    if field in row:
                        row[field] = value if good else (1.0 if field == "rounds_per_s" else 50.0)
        if not good:
            found["equilibria"]["difference"] = {"float": float("inf"), "double": 1e-9}
        lines = made(changed)
        for name in report.TARGETS:
            assert lines[name].endswith("| yes |" if good else "| **no** |"), lines[name]
    # A cut after the first benchmark: what is there is reported, what is missing is not invented.
    run["steps"] = {name: run["steps"][name] for name in ("smoke", "equilibria", "token_log_probs")}
    lines = made(run)
    assert "token_log_probs_bf16" in lines and "answer_groups" not in lines and "smoke" in lines
    run["steps"] = {"batched_games": json.loads(results.read_text())["steps"]["batched_games"]}
    assert made(run)["batch_optimistic_16x16"].endswith("| not compared |")
    assert (ROOT / "docs/cuda.md").read_text() == before


def check_faults(at, programs):
    """What the steps say where something is wrong, with programs that pretend."""
    pretended = at / "pretended"
    pretended.mkdir()
    (pretended / "cpu_results.json").write_text((programs / "cpu_results.json").read_text())
    results = at / "faults.json"
    code, found, _ = steps(pretended, results, "smoke")
    assert code == 1 and "test_device is not here" in found["smoke"]["why"], found
    program(pretended / "test_device", "echo 'skipped: no CUDA device here'; exit 77")
    program(pretended / "benchmark_cuda", "exit 3")
    code, found, _ = steps(pretended, results)
    assert code == 77 and set(found) == {"smoke"}, found
    program(pretended / "test_device", "echo '[doctest] test cases: 0 | 0 passed | 0 failed | 9 skipped'")
    code, found, _ = steps(pretended, results, "smoke", "dual_product")
    assert code == 1 and "no test ran" in found["smoke"]["why"] and "exit status 3" in found["dual_product"]["why"]
    program(pretended / "test_device", "echo '[doctest] test cases: 9 | 8 passed | 1 failed |'; exit 1")
    carried = json.loads((programs / "cpu_results.json").read_text())["equilibria"]
    wrong = {"results": [], "equilibria": {"float": carried, "double": [carried[0] + 1e-9, *carried[1:]]}}
    (pretended / "wrong.json").write_text(json.dumps(wrong))
    program(pretended / "benchmark_cuda", f"cat {pretended}/wrong.json")
    code, found, _ = steps(pretended, results, "tests", "equilibria", "same_bits")
    assert code == 1 and found["tests"]["failed"] == 1 and found["tests"]["status"] == "failed"
    assert "double: 1e-09 from the carried" in found["equilibria"]["why"] and "float" not in found["equilibria"]["why"]
    assert found["same_bits"]["status"] == "passed"
    # The second run differs in one bit; a run whose output is cut short.
    program(pretended / "benchmark_cuda", f'if [ -e {at}/once ]; then echo \'{{"equilibria": {{"float": [1]}}}}\'; '
            f"else cat {pretended}/wrong.json; fi; touch {at}/once")
    assert "not the bits" in steps(pretended, results, "equilibria", "same_bits")[1]["same_bits"]["why"]
    program(pretended / "benchmark_cuda", "echo '{ \"results\": ['")
    assert "ends early" in steps(pretended, results, "solve")[1]["solve"]["why"]
    # A hang ends at the limit with all that it started; no step starts that is not expected to end in time.
    program(pretended / "benchmark_cuda", "sleep 100 & sleep 100")
    begin = time.monotonic()
    code, found, _ = steps(pretended, results, "--seconds", "5.5", "equilibria", "same_bits")
    assert code == 1 and "stopped after" in found["equilibria"]["why"] and time.monotonic() - begin < 50
    assert found["same_bits"]["status"] == "skipped" and "s are left" in found["same_bits"]["why"]


def main(tests, benchmark, cpu_games):
    assert sum(step.expected for step in run_steps.STEPS) < 480
    assert all(step.expected < step.limit for step in run_steps.STEPS)
    with tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)
        programs = at / "carry"
        programs.mkdir()
        for name, target in {"test_device": tests, "benchmark_cuda": benchmark, "cpu_games": cpu_games}.items():
            os.symlink(pathlib.Path(target).resolve(), programs / name)
        (programs / "cpu_results.json").write_text(
            subprocess.run([cpu_games, "--small"], capture_output=True, text=True, check=True).stdout)
        names = [step.name for step in run_steps.STEPS if step.name not in ON_A_DEVICE_ALONE]
        code, found, said = steps(programs, at / "results.json", "--small", *names)
        assert code == 0 and list(found) == names, said
        assert all(entry["status"] == "passed" for entry in found.values()), said
        assert found["smoke"]["passed"] >= 3, found["smoke"]
        assert max(found["equilibria"]["result"]["difference"].values()) > 0  # it compared two paths
        rows = {row["name"]: row for entry in found.values() for row in entry.get("result", {}).get("results", [])}
        for name, bound in ERRORS.items():
            assert 0 <= rows[name]["error"] <= bound, rows[name]
        assert rows["solve_batch_newton_63_games"]["converged"] == 63
        assert rows["solve_4096_prm_plus"]["relative_gap"] <= 1e-2
        check_report(at, at / "results.json")
        check_faults(at, programs)
    print("ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
