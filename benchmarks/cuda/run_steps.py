# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""What scripts/gpu runs where the device is: programs that were built elsewhere, most valuable first.

    run_steps.py --plan
    run_steps.py --programs FOLDER --results RESULTS.json [--small] [--seconds 480] [STEP...]

Standard library alone, no compiler. RESULTS.json is replaced after every step, so that a cut leaves what was
measured; a step that fails, hangs or lacks a part (exit 77) does not stop the others; a step that is not expected to
end within --seconds is left out. --small: everything in milliseconds, for programs compiled for the host's
executors. Exit: 0 all that ran passed, 1 something failed, 77 no device.
"""
import argparse
import collections
import datetime
import glob
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import site
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent

# expected, limit: seconds on one H100 or H200. Expected ones are computed (bytes and launches, times three, and what
# starting a context, importing PyTorch or filling the data takes), not measured.
Step = collections.namedtuple("Step", "name expected limit command about")
MEMCHECK = ["--tool", "memcheck", "--error-exitcode", "1"]
RACECHECK = ["--tool", "racecheck", "--error-exitcode", "1"]
SANITIZED_TESTS = ["{programs}/test_device", "--test-case={sanitized}"]
STEPS = [
    Step("smoke", 8, 60, ["{programs}/test_device", "--test-case={smoke}"], "a few tests: is there a device at all"),
    Step("tests", 45, 120, ["{programs}/test_device"], "every device test"),
    Step("equilibria", 5, 60, ["{programs}/benchmark_cuda", "{small}", "equilibria"],
         "float within 1e-5, double within 1e-10 of the carried CPU results"),
    Step("same_bits", 5, 60, ["{programs}/benchmark_cuda", "{small}", "equilibria"],
         "once more: the same bits as the step before"),
    Step("token_log_probs", 10, 60, ["{programs}/benchmark_cuda", "{small}", "token_log_probs"],
         "forward and backward, 8192 x 131072 bf16"),
    Step("torch", 30, 90, [sys.executable, str(HERE / "torch_log_probs.py")],
         "the same by PyTorch's log_softmax and gather"),
    Step("python", 45, 120, [sys.executable, "{programs}/test_cuda.py"],
         "dag_games.cuda on PyTorch's tensors: its tests, forward and backward beside PyTorch's"),
    Step("answer_groups", 10, 60, ["{programs}/benchmark_cuda", "{small}", "answer_groups"], "a million groups of 64"),
    Step("dual_product", 15, 60, ["{programs}/benchmark_cuda", "{small}", "dual_product"],
         "16384 x 16384, float and bf16, beside cuBLAS"),
    Step("batched_games", 15, 60, ["{programs}/benchmark_cuda", "{small}", "batched_games"],
         "200000 games of 16 x 16, three methods"),
    Step("cpu_games", 15, 60, ["{programs}/cpu_games", "{small}"], "the same games on all cores of the CPU"),
    Step("solve", 65, 100, ["{programs}/benchmark_cuda", "{small}", "solve"],
         "one game of 4096 x 4096 to a gap of 1e-6, two solvers of at most 30 s"),
    Step("other_kernels", 25, 90, ["{programs}/benchmark_cuda", "{small}", "ragged", "utilities", "sinkhorn", "trees"],
         "ragged softmax, divergences, utilities, Sinkhorn, CFR+ on a tree of a million plays"),
    Step("memcheck_tests", 60, 90, ["compute-sanitizer", *MEMCHECK, *SANITIZED_TESTS],
         "one test of every kernel under compute-sanitizer memcheck"),
    Step("racecheck_tests", 60, 90, ["compute-sanitizer", *RACECHECK, *SANITIZED_TESTS],
         "one test of every kernel under compute-sanitizer racecheck"),
    Step("memcheck_benchmark", 40, 90, ["compute-sanitizer", *MEMCHECK, "{programs}/benchmark_cuda", "--small"],
         "every benchmarked kernel at small size"),
]
SMOKE = "the CUDA backend keeps*,sums have the same bits*,failures leave*"
SANITIZED = ("rewards and advantages of*,softmax and divergence*,transport plans*,log-probabilities*,matching pennies*,"
             "a warp folds*,regrets by levels*,A y and A'x*,divergences and their*,recorded rounds converge*,the CUDA backend keeps*")
BOUNDS = {"float": 1e-5, "double": 1e-10}


def plan():
    lines = [f"{'step':<20} {'expected':>8} {'limit':>6}  what"]
    lines += [f"{s.name:<20} {s.expected:>6} s {s.limit:>4} s  {s.about}" for s in STEPS]
    lines.append(f"{'total':<20} {sum(s.expected for s in STEPS):>6} s")
    return "\n".join(lines)


def environment():
    """cuBLAS of PyTorch's wheels, where the toolkit's is not there."""
    found = [str(pathlib.Path(lib).parent) for root in {*site.getsitepackages(), site.getusersitepackages()}
             for lib in sorted(glob.glob(f"{root}/nvidia/*/lib/libcublas.so.1?"))]
    paths = [os.environ.get("LD_LIBRARY_PATH", ""), *found, "/usr/local/cuda/lib64"]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(p for p in paths if p)}


def run(command, limit):
    """(exit status or None at the limit, output, errors, seconds). What the command started ends with it."""
    begin = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                          env=environment(), start_new_session=True) as process:
        try:
            out, err = process.communicate(timeout=limit)
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            code = None
    return code, out, err, time.monotonic() - begin


def difference(found, expected):
    if len(found) != len(expected) or not found:
        return float("inf")
    return max(abs(a - b) if a == a and b == b else float("inf") for a, b in zip(found, expected))


def problems(name, result, done, programs):
    """What is wrong with what a step printed, in words; adds what it found to the result."""
    if name == "equilibria":
        carried = json.loads((programs / "cpu_results.json").read_text())["equilibria"]
        result["difference"] = {kind: difference(result["equilibria"].get(kind, []), carried) for kind in BOUNDS}
        return [f"{kind}: {result['difference'][kind]:.3g} from the carried CPU results, more than {bound:g}"
                for kind, bound in BOUNDS.items() if not result["difference"][kind] <= bound]
    if name == "same_bits":
        before = done.get("equilibria", {}).get("result", {}).get("equilibria")
        return [] if before and before == result["equilibria"] else ["not the bits of the run before"]
    return []


def run_step(step, arguments, programs, done):
    words = {"programs": str(programs), "small": "--small" if arguments.small else "", "smoke": SMOKE,
             "sanitized": SANITIZED}
    command = [part for part in (word.format(**words) for word in step.command) if part]
    tool = shutil.which(command[0], path=os.environ.get("PATH", "") + ":/usr/local/cuda/bin")
    script = next((word for word in command[1:] if word.endswith(".py") and not os.path.exists(word)), None)
    if script is not None:
        return {"status": "skipped", "why": f"{script} is not here"}
    if tool is None:
        return {"status": "failed" if step.command[0].startswith("{") else "skipped", "why": f"{command[0]} is not here"}
    code, out, err, seconds = run([tool, *command[1:]], step.limit)
    entry = {"status": "passed", "seconds": round(seconds, 3), "expected_seconds": step.expected}
    if code == 77:
        return {**entry, "status": "skipped", "why": (out + err).strip()[-300:]}
    counts = re.search(r"test cases:\s*(\d+) \|\s*(\d+) passed \|\s*(\d+) failed", out)
    if counts:
        entry["test_cases"], entry["passed"], entry["failed"] = map(int, counts.groups())
    bad = [] if code == 0 else [f"stopped after {step.limit:.0f} s" if code is None else f"exit status {code}"]
    if counts and entry["test_cases"] == 0:
        bad.append("no test ran")
    if out.startswith("{"):
        try:
            entry["result"] = json.loads(out)
            bad += problems(step.name, entry["result"], done, programs)
        except json.JSONDecodeError:
            bad.append("what it printed ends early")
    elif not counts and code == 0:
        bad.append("it printed no result")
    if bad:
        entry.update(status="failed", why="; ".join(bad), output=out[-4000:], errors=err[-4000:])
    return entry


def write(path, value):
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(value, indent=1) + "\n")
    os.replace(new, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", action="store_true")
    parser.add_argument("--programs", type=pathlib.Path, default=HERE)
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--seconds", type=float, default=480)
    parser.add_argument("steps", nargs="*", metavar="STEP")
    arguments = parser.parse_args()
    names = [step.name for step in STEPS]
    unknown = [name for name in arguments.steps if name not in names]
    if unknown:
        parser.error(f"no step {unknown[0]!r}; steps: {', '.join(names)}")
    if arguments.plan:
        print(plan())
        return 0
    if arguments.results is None:
        parser.error("--results FILE is needed")
    begin = time.monotonic()
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    report = {"date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
              "machine": platform.platform(), "small": arguments.small, "steps": {}}
    for step in STEPS:
        if arguments.steps and step.name not in arguments.steps:
            continue
        left = arguments.seconds - (time.monotonic() - begin)
        if left < step.expected:
            entry = {"status": "skipped", "why": f"{left:.0f} s are left, {step.expected} s are expected"}
        else:
            entry = run_step(step._replace(limit=min(step.limit, left)), arguments, arguments.programs.resolve(),
                             report["steps"])
        report["steps"][step.name] = entry
        write(arguments.results, report)
        print(f"{step.name:<20} {entry['status']:<8} {entry.get('seconds', 0):>7.1f} s  {entry.get('why', '')}".rstrip(),
              flush=True)
        if step.name == "smoke" and entry["status"] == "skipped":
            print("No device here: nothing else is run.")
            return 77
    report["seconds"] = round(time.monotonic() - begin, 3)
    write(arguments.results, report)
    failed = [name for name, entry in report["steps"].items() if entry["status"] == "failed"]
    print(f"{len(report['steps']) - len(failed)} steps without failure, {len(failed)} failed; {report['seconds']:.0f} s; "
          f"{arguments.results}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
