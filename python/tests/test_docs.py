# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""The blocks of the documentation that say so run; so does the script for TRL."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / "python.md", ROOT / "README.md"]
BLOCKS = [(page.name, i, block) for page in PAGES if page.exists() for i, block in
          enumerate(re.findall(r"<!-- tested -->\n```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S))]


@pytest.mark.skipif(not BLOCKS, reason="outside of a checkout")
@pytest.mark.parametrize("page, number, block", BLOCKS, ids=[f"{p}-{i}" for p, i, _ in BLOCKS])
def test_block(page, number, block):
    exec(compile(block, f"{page}, block {number}", "exec"), {})


def test_trl_script(tmp_path):
    for package in ("torch", "transformers", "datasets", "trl"):
        pytest.importorskip(package)
    script = ROOT / "examples" / "python" / "trl_coherence.py"
    if not script.exists():
        pytest.skip("outside of a checkout")
    done = subprocess.run([sys.executable, str(script), "--steps", "2", "--out", str(tmp_path)], capture_output=True,
                          text=True, timeout=300, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""})
    assert done.returncode == 0, done.stderr[-2000:]
    assert "2 steps; questions torn apart: 0" in done.stdout
