# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Answer-level rewards in verl.

verl scores one sample at a time and hands an advantage estimator rewards, masks and uids, never answers. So the
answer travels as the reward, a whole number below 2^24 (`compute_score`, for `reward.custom_reward_function`), and
the estimator turns numbers into advantages:

- one question alone (entropy, gini, votes): `register("gini")`, then `algorithm.adv_estimator=dag_gini`; a group is a uid;
- over phrasings: a uid is a prompt, so that phrasings of a question are not linked. verl passes the other fields of a
  batch to one estimator alone, that of the name gdpo: `register("coherence", name="gdpo")` takes its place, and the data
  set brings question_id and context_id. The newer trainer (trainer/ppo/v1) fetches uids alone: `trainer_class()` is that
  trainer, and says which question and context a uid is, so that `register("coherence")` is enough. Where nobody says it,
  it is refused; a trainer of your own calls `batch_advantages`, or wraps its call in `linked`.

Batches are reordered by length: nothing here depends on the order of rows.
"""
from __future__ import annotations

import contextlib
import contextvars
import hashlib
from typing import Any, Iterator, Mapping, Sequence

import numpy as np

from . import Error, Groups, canonical, extract, utilities
from ._group import score_rows

__all__ = ["answer_ids", "compute_score", "estimator", "register", "linked", "trainer_class", "batch_advantages"]

MISSING = -1.0
_LIMIT = 1 << 24  # float32 holds every integer below
_links: contextvars.ContextVar = contextvars.ContextVar("dag_games.verl", default=None)


def answer_ids(texts: Sequence[str], how: str = "boxed>number,number") -> np.ndarray:
    """A float32 id an answer (below 2^24, from its canonical key), -1 where there is none. Two answers of a
    group meet in one id by chance with probability 2^-24 a pair."""
    out = np.full(len(texts), MISSING, np.float32)
    for i, answer in enumerate(extract(list(texts), how)):
        if answer is not None:
            digest = hashlib.blake2b(canonical(answer).encode(), digest_size=8).digest()
            out[i] = int.from_bytes(digest, "little") % _LIMIT
    return out


def compute_score(data_source: str, solution_str: str, ground_truth: Any, extra_info: Any = None,
                  extract: str = "boxed>number,number", **_: Any) -> dict:
    """verl's reward function: the answer's id as the score."""
    return {"score": float(answer_ids([solution_str], extract)[0])}


def _compares_contexts(utility: str) -> bool:
    named = {n for entry in utilities() if entry["name"].startswith(("coherence", "pairwise", "frozen"))
             for n in (entry["name"], *entry["aliases"])}
    return any(part.split("*")[-1].strip().replace("-", "_") in named for part in utility.split("+"))


def estimator(utility: str = "shannon_entropy", kind: str = "aqp", advantage: str = "trl-none", *,
              contexts: int | None = None, samples: int | None = None, **fields: Any):
    """An advantage estimator for `register_adv_est`: ids sent as rewards; groups by uid (`index`), or by question_id and
    context_id where verl passes its batch. advantage: a convention, or "signal"."""
    compares = _compares_contexts(utility)

    def compute(token_level_rewards: Any, response_mask: Any, index: Any = None,
                non_tensor_batch: Mapping[str, Any] | None = None, **unused: Any) -> tuple:
        import torch
        ids = np.rint(token_level_rewards.sum(dim=-1).double().cpu().numpy()).astype(np.int64)
        named = non_tensor_batch is not None and "question_id" in non_tensor_batch and "context_id" in non_tensor_batch
        links = _links.get()
        if compares and not named and links is None:
            raise Error(f"dag estimator: {utility} compares the contexts of a question, but verl passed no question_id "
                        'and context_id; register it with name="gdpo", or train with dag_games.verl.trainer_class(), and '
                        "have both in the data set")
        if named:
            question, context = (non_tensor_batch[k] for k in ("question_id", "context_id"))
        elif links is not None and index is not None:
            unknown = next((u for u in index if str(u) not in links), None)
            if unknown is not None:
                raise Error(f"dag estimator: uid {unknown!r} has no question_id and context_id")
            question, context = zip(*(links[str(u)] for u in index))
        else:
            question, context = index, ["0"] * len(ids)
        if question is None or len(question) != len(ids) or len(context) != len(ids):
            raise Error("dag estimator: one uid, or question_id and context_id, a sample are needed")
        rows = [(str(q), str(c), None if i < 0 else str(i), None) for q, c, i in zip(question, context, ids)]
        adv = score_rows(rows, utility, kind, contexts=contexts, samples=samples, advantage=advantage, key="exact",
                         **fields)[1]
        a = torch.as_tensor(adv, dtype=token_level_rewards.dtype, device=token_level_rewards.device)
        a = a[:, None] * response_mask
        return a, a

    compute.__name__ = "dag_" + "".join(c if c.isalnum() else "_" for c in utility)
    return compute


def register(utility: str = "shannon_entropy", kind: str = "aqp", advantage: str = "trl-none",
             name: str | None = None, **fields: Any) -> str:
    """Registers `estimator(...)` with verl as `dag_<utility>`, or in place of the estimator `name`; returns the name for
    algorithm.adv_estimator."""
    from verl.trainer.ppo import core_algos
    made = estimator(utility, kind, advantage, **fields)
    core_algos.ADV_ESTIMATOR_REGISTRY[name or made.__name__] = made
    return name or made.__name__


@contextlib.contextmanager
def linked(uid: Sequence[Any], question: Sequence[Any], context: Sequence[Any]) -> Iterator[None]:
    """Within it, estimators know which question and context a uid is, where verl passes uids alone."""
    if not len(uid) == len(question) == len(context):
        raise Error(f"linked: {len(uid)} uids, {len(question)} questions, {len(context)} contexts")
    links: dict = {}
    for u, q, c in zip(uid, question, context):
        pair = (str(q), str(c))
        if links.setdefault(str(u), pair) != pair:
            raise Error(f"linked: uid {u!r} is of {links[str(u)]} and of {pair}")
    token = _links.set(links)
    try:
        yield
    finally:
        _links.reset(token)


def trainer_class(base: Any = None) -> type:
    """verl's newer trainer (or a subclass of it), which also fetches question_id and context_id of the data set, so that
    `algorithm.adv_estimator=dag_coherence` compares phrasings. base: default verl.trainer.ppo.v1.trainer_base.PPOTrainer."""
    if base is None:
        from verl.trainer.ppo.v1.trainer_base import PPOTrainer as base  # noqa: N813

    class QuestionTrainer(base):
        def _compute_advantage(self, batch: Any, metrics: dict) -> Any:
            import transfer_queue
            names = ["uid", "question_id", "context_id"]
            try:
                data = transfer_queue.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=names)
                columns = [data[name].tolist() if hasattr(data[name], "tolist") else list(data[name]) for name in names]
            except KeyError as error:
                raise Error(f"QuestionTrainer: the data set needs the columns question_id and context_id: {error}") from None
            with linked(*columns):
                return super()._compute_advantage(batch, metrics)

    return QuestionTrainer


def batch_advantages(question: Sequence[Any], context: Sequence[Any], answer: Sequence[Any], utility: str,
                     kind: str = "plug-in", *, contexts: int | None = None, samples: int | None = None,
                     advantage: str = "trl-none", **fields: Any) -> np.ndarray:
    """Advantages of a batch whose rows carry question, context and answer (None: missing)."""
    rows = [(str(q), str(c), None if a is None else str(a), None) for q, c, a in zip(question, context, answer)]
    return score_rows(rows, utility, kind, contexts=contexts, samples=samples, advantage=advantage, **fields)[1]
