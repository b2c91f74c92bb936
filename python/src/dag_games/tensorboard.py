# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics of a run as TensorBoard's event files, without TensorBoard or TensorFlow.

    dag train config.json --metrics metrics.jsonl
    python -m dag_games.tensorboard metrics.jsonl runs/first      # then: tensorboard --logdir runs

In a loop of your own: `with EventWriter("runs/first") as out: out.add(step, {"reward": 0.3})`. Trainers that have loggers of
their own (TRL, verl) need none of this: dag_games.trl reports through them.
"""
from __future__ import annotations

import json
import math
import os
import socket
import struct
import sys
import time
from typing import Any, Iterable, Iterator, Mapping

from ._core import Error

__all__ = ["EventWriter", "convert"]


def _table() -> list[int]:
    rows = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
        rows.append(n)
    return rows


_CRC = _table()


def _masked_crc(data: bytes) -> bytes:
    """CRC-32C, turned and shifted as the record format has it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _varint(value: int) -> bytes:
    out = bytearray()
    value &= (1 << 64) - 1
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


class EventWriter:
    """One event file in a folder, which is made. Every `add` is on disk when it returns."""

    def __init__(self, folder: Any):
        os.makedirs(folder, exist_ok=True)
        now = time.time()
        name = f"events.out.tfevents.{int(now)}.{socket.gethostname()}.{os.getpid()}.{time.monotonic_ns()}"
        self.path = os.path.join(os.fspath(folder), name)
        self._file = open(self.path, "xb")
        self._record(self._event(now, 0) + _message(3, b"brain.Event:2"))

    @staticmethod
    def _event(when: float, step: int) -> bytes:
        return b"\x09" + struct.pack("<d", when) + b"\x10" + _varint(step)

    def _record(self, event: bytes) -> None:
        length = struct.pack("<Q", len(event))
        self._file.write(length + _masked_crc(length) + event + _masked_crc(event))
        self._file.flush()

    def add(self, step: int, values: Mapping[str, Any], when: float | None = None) -> None:
        """Numbers (and truths) by tag; what is no finite number is left out: a chart has no place for it."""
        if isinstance(step, bool) or not isinstance(step, int) or step < 0:
            raise Error(f"EventWriter: step must be a whole number >= 0, got {step!r}")
        summary = b""
        for tag, value in values.items():
            if isinstance(value, (bool, int, float)) and math.isfinite(value) and abs(value) < 3.4e38:
                name = str(tag).encode()
                summary += _message(1, _message(1, name) + b"\x15" + struct.pack("<f", value))
        if summary:
            self._record(self._event(time.time() if when is None else when, step) + _message(5, summary))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "EventWriter":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _flat(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}/")
        else:
            yield prefix + key, value


def convert(lines: Iterable[str], folder: Any) -> int:
    """Metrics as `dag train --metrics` writes them, one JSON object a line with "step", to an event file; objects inside become
    tag/tag. Returns how many lines had a step. Lines that are no JSON object are refused by number."""
    count = 0
    with EventWriter(folder) as out:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                raise Error(f"tensorboard: line {number} is not JSON: {error}") from None
            if not isinstance(record, dict):
                raise Error(f"tensorboard: line {number} must be an object, got {line.strip()[:60]}")
            step = record.pop("step", None)
            if isinstance(step, int) and not isinstance(step, bool) and step >= 0:
                out.add(step, dict(_flat(record)))
                count += 1
    return count


def main(words: list[str]) -> int:
    if len(words) != 2 or words[0] in ("-h", "--help"):
        print("usage: python -m dag_games.tensorboard METRICS.jsonl FOLDER\nexample: python -m dag_games.tensorboard "
              "metrics.jsonl runs/first", file=sys.stderr)
        return 0 if words[:1] in (["-h"], ["--help"]) else 2
    try:
        with open(words[0], encoding="utf-8") as lines:
            count = convert(lines, words[1])
    except (Error, OSError, UnicodeDecodeError) as error:
        print(f"dag_games.tensorboard: {error}", file=sys.stderr)
        return 1
    if count == 0:
        print(f"dag_games.tensorboard: {words[0]}: no line has a step", file=sys.stderr)
        return 1
    print(f"{count} steps in {words[1]}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
