# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""verl's own registry, compute_advantage and reward manager."""
import asyncio
import warnings

import numpy as np
import pytest

import dag_games as dag
from dag_games import verl

torch = pytest.importorskip("torch")
warnings.simplefilter("ignore")
core_algos = pytest.importorskip("verl.trainer.ppo.core_algos", exc_type=ImportError)


def batch(seed=0, questions=3, contexts=2, samples=4, tokens=6):
    rng = np.random.default_rng(seed)
    rows = [(f"q{q}", f"c{c}", f"\\boxed{{{rng.integers(0, 3)}}}") for q in range(questions) for c in range(contexts)
            for _ in range(samples)]
    rng.shuffle(rows)  # by length, or however the trainer likes
    length = rng.integers(1, tokens + 1, len(rows))
    mask = torch.tensor((np.arange(tokens)[None] < length[:, None]).astype(np.float32))
    rewards = torch.zeros(len(rows), tokens)
    rewards[np.arange(len(rows)), length - 1] = torch.tensor(
        [verl.compute_score("", r[2], None, extract="boxed")["score"] for r in rows])
    return rows, rewards, mask


def test_registered_by_name():
    rows, rewards, mask = batch()
    name = verl.register("gini", "u-statistic")
    uid = np.array([r[0] + r[1] for r in rows], dtype=object)
    a, returns = core_algos.get_adv_estimator_fn(name)(token_level_rewards=rewards, response_mask=mask, index=uid,
                                                       config=None)
    want = dag.Groups(uid.tolist(), ["0"] * len(rows), [r[2] for r in rows], key="exact").rewards(
        "gini", "u-statistic").advantage()
    np.testing.assert_allclose(a.numpy(), want[:, None] * mask.numpy(), atol=1e-6)
    assert returns is a


def test_coherence_through_compute_advantage():
    trainer = pytest.importorskip("verl.trainer.ppo.ray_trainer", exc_type=ImportError)
    from verl import DataProto
    rows, rewards, mask = batch(1)
    old = core_algos.ADV_ESTIMATOR_REGISTRY["gdpo"]
    try:
        verl.register("coherence", "plug-in", name="gdpo", contexts=2, samples=4)
        data = DataProto.from_dict(tensors={"token_level_rewards": rewards, "response_mask": mask}, non_tensors={
            "uid": np.array([r[0] + r[1] for r in rows], dtype=object),
            "question_id": np.array([r[0] for r in rows], dtype=object),
            "context_id": np.array([r[1] for r in rows], dtype=object)})
        found = trainer.compute_advantage(data, "gdpo").batch["advantages"].numpy()
    finally:
        core_algos.ADV_ESTIMATOR_REGISTRY["gdpo"] = old
    want = dag.Groups(*map(list, zip(*rows)), key="exact").rewards("coherence").advantage()
    np.testing.assert_allclose(found, want[:, None] * mask.numpy(), atol=1e-6)


def test_coherence_without_fields_is_refused():
    rows, rewards, mask = batch()
    with pytest.raises(dag.Error, match="question_id"):
        verl.estimator("entropy+coherence")(rewards, mask, index=np.array([r[0] for r in rows], dtype=object))


def test_its_reward_manager_carries_the_id():
    naive = pytest.importorskip("verl.experimental.reward_loop.reward_manager.naive", exc_type=ImportError)
    from verl import DataProto

    class Words:
        def decode(self, ids, skip_special_tokens):
            return "so \\boxed{0.5}" if int(ids[0]) == 1 else "so \\boxed{\\frac12}"

    async def score(first):
        item = {"responses": torch.tensor([[first, 2]]), "attention_mask": torch.ones(1, 4, dtype=torch.long)}
        data = DataProto.from_dict(tensors=item, non_tensors={
            "data_source": np.array(["s"], dtype=object),
            "reward_model": np.array([{"ground_truth": "1/2"}], dtype=object),
            "extra_info": np.array([{}], dtype=object)})
        manager = naive.NaiveRewardManager(None, Words(), verl.compute_score)
        return (await manager.run_single(data))["reward_score"]

    a, b = asyncio.run(score(1)), asyncio.run(score(0))
    assert a == b == verl.answer_ids(["\\boxed{1/2}"])[0] and 0 <= a < 1 << 24


def test_the_newer_trainer_knows_its_questions(monkeypatch):
    """trainer/ppo/v1's own _compute_advantage over a store of trajectories, as its agent loop leaves them there."""
    base = pytest.importorskip("verl.trainer.ppo.v1.trainer_base", exc_type=ImportError)
    from omegaconf import OmegaConf
    from verl.trainer.ppo.v1.agent_loop_tq import list_of_dict_to_tensordict
    made = verl.trainer_class()
    made.__abstractmethods__ = frozenset()
    trainer = made.__new__(made)
    name = verl.register("coherence", "plug-in", contexts=2, samples=4)
    trainer.config = OmegaConf.create({
        "algorithm": {"adv_estimator": name, "use_kl_in_reward": False, "gamma": 1.0, "lam": 1.0},
        "actor_rollout_ref": {"rollout": {"n": 4}}})
    rows, rewards, mask = batch(2)
    fields = [{"uid": f"u-{r[0]}-{r[1]}", "question_id": r[0], "context_id": r[1], "response_mask": m[m > 0].long(),
               "rm_scores": s[m > 0]} for r, s, m in zip(rows, rewards, mask)]
    store, written = list_of_dict_to_tensordict(fields), {}
    monkeypatch.setattr(base.tq, "kv_batch_get", lambda keys, partition_id, select_fields: store.select(
        *[f for f in select_fields if f in store.keys()]))
    monkeypatch.setattr(base.tq, "kv_batch_put", lambda keys, partition_id, fields: written.update(fields) or "put")

    class Batch(list):
        keys, partition_id = [f"{f['uid']}_{i}_0" for i, f in enumerate(fields)], "train"

    assert trainer._compute_advantage(Batch(fields), {}) == "put"
    want = dag.Groups(*map(list, zip(*rows)), key="exact").rewards("coherence").advantage()
    found = [float(a[0]) for a in written["advantages"].unbind()]
    np.testing.assert_allclose(found, want, atol=1e-6)
    store = store.exclude("context_id")
    with pytest.raises(dag.Error, match="columns question_id and context_id"):
        trainer._compute_advantage(Batch(fields), {})
    with pytest.raises(dag.Error, match="is of"):
        with verl.linked(["u", "u"], ["a", "b"], ["0", "0"]):
            pass
