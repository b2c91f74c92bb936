# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Answer-level rewards in OpenRLHF, whose callers send one sample a call.

`GroupServer` holds each call until the samples of its question are complete, then answers all of them. As an
HTTP server (`--reward.remote_url http://HOST:PORT`), which holds as many calls as come:

    server = GroupServer("coherence", contexts=4, samples=8, extract="boxed>number,number")
    serve(server, port=5000).serve_forever()      # labels: '{"question_id": ..., "context_id": ..., "gold": ...}'

As a reward function in a file it works where a question has no more samples than asyncio has threads
(the processors + 4, at most 32), since each held call keeps one; a larger question is refused at once.

A question that is not complete within `timeout` seconds raises in every call that waits for it (over HTTP:
status 500 with the text): a number made of half a question would be wrong in silence.
"""
from __future__ import annotations

import asyncio
import http.server
import json
import os
import threading
from typing import Any, Sequence

import numpy as np

from . import Error, extract as _extract
from ._group import score_rows

__all__ = ["GroupServer", "serve"]


class _Question:
    def __init__(self) -> None:
        self.rows: list[tuple] = []
        self.done = threading.Event()
        self.rewards: np.ndarray | None = None
        self.report: dict = {}
        self.error: Exception | None = None


class GroupServer:
    """Thread-safe. utility, estimator, fields: as in `Groups.rewards`; contexts x samples: a complete
    question; timeout: seconds (the client's own is 180)."""

    def __init__(self, utility: str, *, contexts: int, samples: int, extract: str = "boxed>number,number",
                 estimator: str = "plug-in", timeout: float = 170.0, **fields: Any):
        if contexts < 1 or samples < 1 or not timeout > 0:
            raise Error(f"GroupServer: contexts, samples >= 1 and timeout > 0, got {contexts}, {samples}, {timeout}")
        self.utility, self.estimator, self.fields = utility, estimator, fields
        self.contexts, self.samples, self.extract, self.timeout = contexts, samples, extract, timeout
        self._lock = threading.Lock()
        self._open: dict[str, _Question] = {}

    def _enter(self, text: str, prompt: str, label: Any) -> tuple[str, _Question, int]:
        try:
            names = label if isinstance(label, dict) else json.loads(label)
            question, context = str(names["question_id"]), str(names["context_id"])
        except (TypeError, ValueError, KeyError):
            raise Error("GroupServer: a label must be a JSON object with question_id and context_id, got "
                        f"{str(label)[:80]!r}") from None
        gold = names.get("gold")
        said = text[len(prompt):] if text.startswith(prompt) else text
        answer = _extract([said], self.extract)[0]
        with self._lock:
            place = self._open.setdefault(question, _Question())
            index = len(place.rows)
            place.rows.append((question, context, answer, None if gold is None else str(gold)))
            if len(place.rows) == self.contexts * self.samples:
                del self._open[question]  # the next sample of this question begins a new round
                self._finish(place)
        return question, place, index

    def _finish(self, place: _Question) -> None:
        try:
            found, _ = score_rows(place.rows, self.utility, self.estimator, contexts=self.contexts,
                                  samples=self.samples, **self.fields)
            place.rewards, place.report = found.reward, found.report
        except Exception as error:  # told to every call that waits
            place.error = error
        place.done.set()

    def _result(self, entered: list[tuple[str, _Question, int]]) -> dict:
        rewards = []
        for question, place, index in entered:
            if not place.done.is_set():
                with self._lock:
                    seen: dict[str, int] = {}
                    for row in place.rows:
                        seen[row[1]] = seen.get(row[1], 0) + 1
                raise Error(f"GroupServer: question '{question}' is not complete after {self.timeout} s: "
                            f"{len(place.rows)} of {self.contexts} x {self.samples} samples, by context {seen}")
            if place.error is not None:
                raise place.error
            value = float(place.rewards[index])
            rewards.append(0.0 if np.isnan(value) else value)
        return {"rewards": rewards, "scores": rewards,
                "extra_logs": {"dag_dead_groups": float(sum(p.report.get("dead_groups", 0) for _, p, _ in entered))}}

    def __call__(self, queries: Sequence[str], prompts: Sequence[str], labels: Sequence[Any]) -> dict:
        threads = min(32, (os.cpu_count() or 1) + 4)  # as concurrent.futures has it
        if threading.current_thread().name.startswith("asyncio_") and self.contexts * self.samples > threads:
            raise Error(f"GroupServer: a question of {self.contexts} x {self.samples} samples cannot wait in the "
                        f"{threads} threads of asyncio.to_thread; serve it over HTTP (dag_games.openrlhf.serve)")
        entered = [self._enter(*row) for row in zip(queries, prompts, labels)]
        for _, place, _ in entered:
            place.done.wait(self.timeout)
        return self._result(entered)

    async def acall(self, queries: Sequence[str], prompts: Sequence[str], labels: Sequence[Any]) -> dict:
        entered = [self._enter(*row) for row in zip(queries, prompts, labels)]
        deadline = asyncio.get_running_loop().time() + self.timeout
        for _, place, _ in entered:
            while not place.done.is_set() and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(0.005)
        return self._result(entered)


def serve(server: GroupServer, port: int = 5000, host: str = "127.0.0.1") -> http.server.ThreadingHTTPServer:
    """The server behind OpenRLHF's remote reward: POST {"query", "prompts", "labels"}, a thread a call.
    `serve_forever()` runs it; port 0 takes a free one (`server_address`)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # noqa: N802
            try:
                asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                reply, status = server(asked["query"], asked["prompts"], asked["labels"]), 200
            except (KeyError, TypeError, ValueError) as error:  # Error is a ValueError
                reply, status = {"error": f"{type(error).__name__}: {error}"}, 500
            body = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 1024
        daemon_threads = True

    return Server((host, port), Handler)
