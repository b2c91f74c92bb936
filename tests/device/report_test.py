# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the device, end to end without a device.

    report_test.py BENCHMARK CPU_GAMES        (programs built for the host; run with --small)

Every part runs and its errors are those of rounding; report.py makes the table of docs/cuda.md from
it, and says yes and no where a target is met and missed. The page itself is not touched.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks/cuda"))
import report  # noqa: E402

ERRORS = {"dual_product_float": 1e-6, "answer_groups": 1e-5, "token_log_probs_bf16": 1e-4, "ragged_softmax": 1e-5,
          "ragged_jensen_shannon": 1e-6, "utility_rewards": 1e-5}


def main(benchmark, cpu_games):
    run = json.loads(subprocess.run([benchmark, "--small"], capture_output=True, text=True, check=True).stdout)
    cpu = json.loads(subprocess.run([cpu_games, "--small"], capture_output=True, text=True, check=True).stdout)
    rows = {row["name"]: row for row in run["results"]}
    for name, bound in ERRORS.items():
        assert 0 <= rows[name]["error"] <= bound, rows[name]
    assert rows["solve_batch_newton_63_games"]["converged"] == 63
    assert rows["solve_4096_prm_plus"]["relative_gap"] <= 1e-2
    with tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)
        page = at / "page.md"
        before = (ROOT / "docs/cuda.md").read_text()
        page.write_text(before)

        def made(ours, torch):
            (at / "run.json").write_text(json.dumps(ours))
            (at / "cpu.json").write_text(json.dumps(cpu))
            (at / "torch.json").write_text(json.dumps({"log_softmax_gather_ms": torch}))
            report.main(*(str(at / name) for name in ("run.json", "cpu.json", "torch.json", "out.json", "page.md")))
            return {line.split("|")[1].strip(): line for line in page.read_text().split("\n") if line.startswith("| ")}

        # As measured here, then with every number made good, then made bad.
        lines = made(run, 1.0)
        for name in ("equilibria_float", "equilibria_double"):
            assert lines[name].endswith("| yes |"), lines[name]
        measured = {name for name in report.TARGETS if name != "cublas_two_products_float"}
        assert measured <= set(lines), measured - set(lines)
        for good in (True, False):
            changed = json.loads(json.dumps(run))
            changed["results"].append({"name": "cublas_two_products_float", "ms": 1.0, "times_ours": 9.0 if good else 1.0})
            for row in changed["results"]:
                row["of_copy"] = 0.99 if good else 0.01
                row["ms"] = 1.0
                for field, value in {"rounds_per_s": 1e12, "synchronizations_per_s": 5.0, "relative_gap": 1e-9}.items():
                    if field in row:
                        row[field] = value if good else (1.0 if field == "rounds_per_s" else 50.0)
            if not good:
                changed["equilibria"]["double"][3] += 1e-9
                changed["equilibria"]["float"][3] = float("nan")
            lines = made(changed, 9.0 if good else 1.0)
            for name in report.TARGETS:
                assert lines[name].endswith("| yes |" if good else "| **no** |"), lines[name]
        assert (ROOT / "docs/cuda.md").read_text() == before
        assert json.loads((at / "out.json").read_text())["cpu"]["cores"] >= 1
    print("ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
