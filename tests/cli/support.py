# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of the program share. Every test file runs as

    python3 FILE PROGRAM DATA

PROGRAM is the built dag, DATA the folder with real data (DAG_SHARED_DATA). A test whose data are
absent says so and is skipped; a file of which every test was skipped exits with 77.
DAG_SANITIZED=1 in the environment: the program carries sanitizers, which need terabytes of
addresses, so that memory is not limited.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "dag"
DATA = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "no-data")
SANITIZED = os.environ.get("DAG_SANITIZED") == "1"


class Result:
    def __init__(self, arguments, process, seconds):
        self.arguments = arguments
        self.code = process.returncode
        self.out = process.stdout
        self.err = process.stderr
        self.seconds = seconds  # of processor time, so that a busy machine changes nothing

    def __str__(self):
        return (f"dag {' '.join(map(str, self.arguments))}\n  exit code {self.code}\n"
                f"  stdout: {self.out[-2000:]}\n  stderr: {self.err[-2000:]}")


def dag(*arguments, megabytes=None, timeout=300, cwd=None, env=None):
    """Runs the program; its output as text."""
    def limit():
        if megabytes and not SANITIZED:
            resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, errors="replace", timeout=timeout,
                             preexec_fn=limit, cwd=cwd, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Result(arguments, process, seconds)


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="dag-cli-")
        self.folder = pathlib.Path(self._folder.name)
        self.addCleanup(self._folder.cleanup)

    def data(self, *parts):
        """A path below the folder with real data; skips the test where it is absent."""
        path = DATA.joinpath(*parts)
        if not path.exists():
            self.skipTest(f"{path} is absent; set DAG_SHARED_DATA to the folder with real data")
        return path

    def ok(self, *arguments, code=0, **options):
        result = dag(*arguments, **options)
        self.assertEqual(result.code, code, str(result))
        return result

    def json(self, *arguments, code=0, **options):
        """Runs with --json - and reads what came: one JSON text and nothing else."""
        result = self.ok(*arguments, "--json", "-", code=code, **options)
        return json.loads(result.out)

    def refused(self, *arguments, says="", **options):
        """Exit code 2 with a message, nothing on standard output, no file left behind."""
        result = dag(*arguments, cwd=self.folder, **options)
        self.assertEqual(result.code, 2, str(result))
        self.assertEqual(result.out, "", str(result))
        self.assertIn(says, result.err, str(result))
        self.assertTrue(result.err.strip(), str(result))
        self.assertNotIn("Sanitizer", result.err, str(result))
        return result

    def assertNoFiles(self):
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), [])


def main():
    program = unittest.main(module="__main__", argv=sys.argv[:1], exit=False, verbosity=2)
    result = program.result
    for test, reason in result.skipped:
        print(f"SKIPPED {test}: {reason}")
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun and len(result.skipped) == result.testsRun else 0)
