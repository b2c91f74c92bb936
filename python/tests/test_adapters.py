# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""The adapters without the trainers' packages: their calls as the packages make them."""
import asyncio
import json
import threading

import numpy as np
import pytest

import dag_games as dag
from dag_games import io, openrlhf, trl, verl


def batch(seed=0, questions=3, contexts=2, samples=4):
    rng = np.random.default_rng(seed)
    return [(f"q{q}", f"c{c}", str(rng.integers(0, 3))) for q in range(questions) for c in range(contexts)
            for _ in range(samples)]


def expected(rows, utility="coherence"):
    return dag.Groups(*map(list, zip(*rows))).rewards(utility)


def test_trl_reward_groups_by_columns():
    rows = batch()
    want = expected(rows)
    f = trl.reward("coherence", "boxed", contexts=2, samples=4)
    seen = {}
    order = np.random.default_rng(1).permutation(len(rows))
    names = {"question_id": [rows[i][0] for i in order], "context_id": [rows[i][1] for i in order]}
    got = f(prompts=[""] * len(rows), completions=["\\boxed{%s}" % rows[i][2] for i in order],
            log_metric=lambda name, value: seen.setdefault(name, value), **names)
    assert got == want.reward[order].tolist()
    np.testing.assert_array_equal(f.last_advantages, want.advantage()[order].astype(np.float32))
    assert seen["dag/single_context_questions"] == 0
    chat = [[{"role": "assistant", "content": "\\boxed{%s}" % rows[i][2]}] for i in order]
    assert f(completions=chat, **names) == got


def test_trl_reward_refuses_half_a_question():
    f = trl.reward("coherence", "boxed", contexts=2, samples=2)
    with pytest.raises(dag.Error, match="q"):
        f(completions=["\\boxed{1}"] * 2, question_id=["q", "q"], context_id=["a", "a"])
    with pytest.raises(dag.Error, match="column 'question_id'"):
        f(completions=["x"], gold=["1"])


def test_question_sampler_keeps_questions_whole():
    data = {"question_id": [f"q{i % 6}" for i in range(18)]}
    s = trl.QuestionSampler(data, prompts_per_batch=6, repeats=4, steps=2, seed=5)
    order = list(s)
    assert len(order) == len(s) == 18 * 4 * 2
    for b in range(0, len(order), 24):
        chunk = order[b:b + 24]
        assert all(len(set(chunk[i:i + 4])) == 1 for i in range(0, 24, 4))
        questions = {}
        for i in chunk[::4]:
            questions.setdefault(data["question_id"][i], set()).add(i)
        assert all(len(v) == 3 for v in questions.values())
    assert list(s) != order  # the next epoch
    with pytest.raises(dag.Error, match="multiple"):
        trl.QuestionSampler(data, prompts_per_batch=4, repeats=4)
    with pytest.raises(dag.Error, match="same number of contexts"):
        trl.QuestionSampler({"question_id": ["a", "a", "b"]}, 2, 1)


def test_openrlhf_holds_replies_until_the_question_is_whole():
    rows = batch(questions=2)
    want = expected(rows).reward
    server = openrlhf.GroupServer("coherence", contexts=2, samples=4, extract="boxed", timeout=20)
    got = [None] * len(rows)

    def call(i):
        label = json.dumps({"question_id": rows[i][0], "context_id": rows[i][1]})
        got[i] = server(["P\\boxed{%s}" % rows[i][2]], ["P"], [label])["rewards"][0]

    threads = [threading.Thread(target=call, args=(i,)) for i in np.random.default_rng(2).permutation(len(rows))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert got == want.tolist()


def test_openrlhf_fails_loudly():
    server = openrlhf.GroupServer("coherence", contexts=2, samples=2, extract="boxed", timeout=0.1)
    label = {"question_id": "q", "context_id": "c"}
    with pytest.raises(dag.Error, match="'q' is not complete after 0.1 s: 1 of 2 x 2"):
        server(["\\boxed{1}"], [""], [label])
    with pytest.raises(dag.Error, match="question_id"):
        server(["x"], [""], ["no json"])
    whole = openrlhf.GroupServer("coherence", contexts=1, samples=3, extract="boxed", timeout=5)

    async def three():
        return await asyncio.gather(*[whole.acall([f"\\boxed{{{i}}}"], [""], [label]) for i in (1, 1, 2)])

    assert [len(r["rewards"]) for r in asyncio.run(three())] == [1, 1, 1]


def test_verl_ids_and_batches():
    ids = verl.answer_ids(["\\boxed{0.5}", "\\boxed{\\frac12}", "none", "\\boxed{3}"], "boxed")
    assert ids.dtype == np.float32 and ids[0] == ids[1] != ids[3] and ids[2] == -1
    rows = batch(4)
    q, c, a = map(list, zip(*rows))
    np.testing.assert_array_equal(verl.batch_advantages(q, c, a, "coherence", contexts=2, samples=4),
                                  expected(rows).advantage())


def test_verl_estimator_is_the_entropy_of_groups():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    ids, uid = rng.integers(0, 3, 24), np.array([f"u{i % 3}" for i in range(24)], dtype=object)
    reward = torch.zeros(24, 5)
    reward[:, 2] = torch.tensor(ids, dtype=torch.float32)
    a, _ = verl.estimator("shannon_entropy", "plug-in")(reward, torch.ones(24, 5), index=uid)
    want = dag.Groups(uid.tolist(), ["0"] * 24, [str(i) for i in ids], key="exact").rewards("shannon_entropy")
    np.testing.assert_allclose(a[:, 0].numpy(), want.advantage(), atol=1e-7)


def test_importers_and_files(tmp_path):
    chat = {"choices": [{"message": {"content": "4"}, "logprobs": {"content": [{"logprob": -0.5}, {"logprob": -1.0}]}},
                        {"text": "5"}]}
    lines = list(io.from_openai([("q", "c", chat)]))
    assert lines[0]["samples"] == [{"text": "4", "logprob": -1.5}, {"text": "5"}]
    llama = list(io.from_llama_cpp([("q", "c", [{"content": "7", "completion_probabilities": [{"logprob": -2.0}]}])]))
    assert llama[0]["samples"][0] == {"text": "7", "logprob": -2.0}
    path = tmp_path / "r.jsonl"
    assert io.write_rollouts(str(path), lines) == 1
    assert json.loads(path.read_text()) == lines[0]

    def broken():
        yield lines[0]
        raise RuntimeError("cut")

    with pytest.raises(RuntimeError):
        io.write_rollouts(str(path), broken())
    assert json.loads(path.read_text()) == lines[0] and len(list(tmp_path.iterdir())) == 1
    assert io.vllm_prompt_logprob([None, {5: -1.0}, {6: -0.25}], [1, 5, 6], 1) == -1.25
    with pytest.raises(dag.Error, match="above 0"):
        list(io.from_openai([("q", "c", {"choices": [{"text": "", "logprobs": {"token_logprobs": [0.5]}}]})]))
    for broken in (lambda: list(io.from_openai([("q", "c", {})])), lambda: list(io.from_llama_cpp([("q", "c", [{}])])),
                   lambda: io.vllm_prompt_logprob([None], [0, 2], 1),
                   lambda: io.write_rollouts(str(tmp_path / "no" / "x.jsonl"), []),
                   lambda: io.write_rollouts(str(path), [{"a": float("nan")}])):
        with pytest.raises(dag.Error):
            broken()
    assert json.loads(path.read_text()) == lines[0]


def test_parquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pa.table({"question_id": ["q", "r", "q"], "context_id": ["a", "b", "a"],
                                  "text": ["1", None, "2"], "gold": ["1", None, "1"]}), tmp_path / "t.parquet")
    found = list(io.read_parquet(str(tmp_path / "t.parquet"), gold="gold"))
    assert [(g["question_id"], g["gold"], [s["text"] for s in g["samples"]]) for g in found] == [
        ("q", "1", ["1", "2"]), ("r", None, [None])]
    with pytest.raises(dag.Error, match="no column nope"):
        list(io.read_parquet(str(tmp_path / "t.parquet"), text="nope"))


def test_tensorboard_files(tmp_path):
    """An event file by hand: lengths, checksums and the numbers; and TensorBoard's own reader where it is installed."""
    import struct

    from dag_games import tensorboard
    metrics = tmp_path / "metrics.jsonl"
    metrics.write_text('{"step": 1, "reward": 0.5, "policy": {"kl": -0.25}, "name": "x", "bad": null}\n\n{"resumed": 1}\n'
                       '{"step": 300, "reward": 1e-3, "done": true, "nan": NaN}\n', encoding="utf-8")
    assert tensorboard.main([str(metrics), str(tmp_path / "run")]) == 0
    (path,) = (tmp_path / "run").iterdir()
    data, at, events = path.read_bytes(), 0, []
    while at < len(data):
        (size,) = struct.unpack_from("<Q", data, at)
        assert data[at + 8:at + 12] == tensorboard._masked_crc(data[at:at + 8])
        events.append(data[at + 12:at + 12 + size])
        assert data[at + 12 + size:at + 16 + size] == tensorboard._masked_crc(events[-1])
        at += 16 + size
    assert len(events) == 3 and b"brain.Event:2" in events[0]
    assert b"reward\x15" + struct.pack("<f", 0.5) in events[1] and b"policy/kl" in events[1] and b"bad" not in events[1]
    # CRC-32C of "123456789" is E3069283: the published check value.
    crc = 0xE3069283
    assert tensorboard._masked_crc(b"123456789") == struct.pack(
        "<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)
    for text, said in [("[1]\n", "line 1 must be an object"), ('{"step": 1}\n{"step"\n', "line 2 is not JSON")]:
        with pytest.raises(dag.Error, match=said):
            tensorboard.convert(text.splitlines(), tmp_path / "broken")
    assert tensorboard.main([str(tmp_path / "none"), str(tmp_path)]) == 1
    with tensorboard.EventWriter(tmp_path / "own") as out:
        with pytest.raises(dag.Error, match="step must be"):
            out.add(-1, {})
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator", exc_type=ImportError)
    found = reader.EventAccumulator(str(tmp_path / "run"))
    found.Reload()
    assert sorted(found.Tags()["scalars"]) == ["done", "policy/kl", "reward"]
    assert [(e.step, e.value) for e in found.Scalars("reward")] == [(1, 0.5), (300, pytest.approx(1e-3))]
