# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""OpenRLHF's own executor, which sends one sample a call, against the server and the function."""
import asyncio
import json
import os
import threading

import numpy as np
import pytest

import dag_games as dag
from dag_games import openrlhf

agent = pytest.importorskip("openrlhf.utils.agent", exc_type=ImportError)


def batch(questions=2, contexts=2, samples=4):
    rng = np.random.default_rng(3)
    rows = [(f"q{q}", f"c{c}", str(rng.integers(0, 3))) for q in range(questions) for c in range(contexts)
            for _ in range(samples)]
    rng.shuffle(rows)
    want = dag.Groups(*map(list, zip(*rows))).rewards("coherence").reward
    labels = [json.dumps({"question_id": r[0], "context_id": r[1]}) for r in rows]
    return [f"P\\boxed{{{r[2]}}}" for r in rows], ["P"] * len(rows), labels, want


def test_over_http():
    queries, prompts, labels, want = batch(questions=3, samples=8)  # 48 calls at once
    server = openrlhf.serve(openrlhf.GroupServer("coherence", contexts=2, samples=8, extract="boxed", timeout=30), 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        executor = agent.SingleTurnAgentExecutor(f"http://127.0.0.1:{server.server_address[1]}")

        async def all_calls():
            return await asyncio.gather(*[executor._fetch_rewards_via_http([q], [p], [x])
                                          for q, p, x in zip(queries, prompts, labels)])

        found = asyncio.run(all_calls())
    finally:
        server.shutdown()
        server.server_close()
    assert [f[0]["rewards"][0] for f in found] == want.tolist()


def test_as_a_function(tmp_path):
    contexts, samples = 2, 2  # no more than there are threads
    queries, prompts, labels, want = batch(questions=1, contexts=contexts, samples=samples)
    file = tmp_path / "reward.py"
    file.write_text("from dag_games.openrlhf import GroupServer\n"
                    f"reward_func = GroupServer('coherence', contexts={contexts}, samples={samples}, extract='boxed')\n")
    executor = agent.SingleTurnAgentExecutor(str(file))
    found = asyncio.run(executor._fetch_rewards_via_func(queries, prompts, labels))
    assert [f["rewards"][0] for f in found] == want.tolist()


def test_more_samples_than_threads_are_refused(tmp_path):
    samples = min(32, (os.cpu_count() or 1) + 4)
    queries, prompts, labels, _ = batch(questions=1, samples=samples)
    file = tmp_path / "reward.py"
    file.write_text("from dag_games.openrlhf import GroupServer\n"
                    f"reward_func = GroupServer('coherence', contexts=2, samples={samples}, extract='boxed')\n")
    executor = agent.SingleTurnAgentExecutor(str(file))
    with pytest.raises(dag.Error, match="over HTTP"):
        asyncio.run(executor._fetch_rewards_via_func(queries, prompts, labels))
