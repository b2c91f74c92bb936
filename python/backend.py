# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""The build backend: scikit-build-core, with the library's headers and the parts of the program inside the source
archive (folder dag/), so that it builds by itself."""
import pathlib
import shutil

from scikit_build_core import build as _build
from scikit_build_core.build import *  # noqa: F401,F403

_here = pathlib.Path(__file__).resolve().parent
_parts = ["CMakeLists.txt", "LICENSE", "cmake", "include", "examples/CMakeLists.txt", "examples/cli",
          "examples/reasoning/CMakeLists.txt"]


def build_sdist(sdist_directory, config_settings=None):
    copy = _here / "dag"
    if copy.exists():  # unpacked from an archive: it is there already
        return _build.build_sdist(sdist_directory, config_settings)
    try:
        for part in _parts:
            source, target = _here.parent / part, copy / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, target)
        return _build.build_sdist(sdist_directory, config_settings)
    finally:
        shutil.rmtree(copy, ignore_errors=True)
