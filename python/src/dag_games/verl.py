# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Answer-level rewards in verl.

verl hands an advantage estimator rewards, masks and uids, never answers. Two ways in:

- one question alone (entropy, gini, ...): `register()` adds estimators `dag_<utility>`; the reward manager
  sends the answer's id as the reward (`answer_ids`), and the estimator turns ids into advantages;
- coherence over phrasings: `TrainerMixin` passes the fields question_id, context_id and answer of the
  batch to `batch_advantages`.

Batches are reordered by length: nothing here depends on the order of rows.
"""
from __future__ import annotations

import hashlib
from typing import Any, Sequence

import numpy as np

from . import Error, Groups, canonical, extract
from ._group import score_rows

__all__ = ["answer_ids", "estimator", "register", "batch_advantages", "TrainerMixin"]

MISSING = -1.0
_LIMIT = 1 << 24  # float32 holds every integer below


def answer_ids(texts: Sequence[str], how: str = "boxed>number,number") -> np.ndarray:
    """A float32 id an answer (below 2^24, from its canonical key), -1 where there is none: what the reward
    manager returns as `reward_score`. Two answers of a group meet in one id by chance with probability
    2^-24 a pair."""
    out = np.full(len(texts), MISSING, np.float32)
    for i, answer in enumerate(extract(list(texts), how)):
        if answer is not None:
            digest = hashlib.blake2b(canonical(answer).encode(), digest_size=8).digest()
            out[i] = int.from_bytes(digest, "little") % _LIMIT
    return out


def estimator(utility: str = "shannon_entropy", kind: str = "aqp", advantage: str = "trl-none", **fields: Any):
    """An advantage estimator for `register_adv_est`: ids sent as rewards, groups by uid (`index`)."""
    def compute(token_level_rewards: Any, response_mask: Any, index: Any = None, **unused: Any) -> tuple:
        import torch
        ids = np.rint(token_level_rewards.sum(dim=-1).double().cpu().numpy()).astype(np.int64)
        if index is None or len(index) != len(ids):
            raise Error("dag estimator: index (uid) must have one entry a sample")
        answers = [None if i < 0 else str(i) for i in ids]
        groups = Groups([str(u) for u in index], ["0"] * len(ids), answers, key="exact")
        adv = groups.rewards(utility, kind, **fields).advantage(advantage)
        a = torch.as_tensor(adv, dtype=token_level_rewards.dtype, device=token_level_rewards.device)
        a = a[:, None] * response_mask
        return a, a
    compute.__name__ = f"dag_{utility}"
    return compute


def register(utility: str = "shannon_entropy", kind: str = "aqp", advantage: str = "trl-none",
             name: str | None = None, **fields: Any) -> str:
    """Registers `estimator(...)` with verl as `dag_<utility>`; returns the name for algorithm.adv_estimator."""
    from verl.trainer.ppo import core_algos
    name = name or "dag_" + "".join(c if c.isalnum() else "_" for c in utility)
    core_algos.register_adv_est(name)(estimator(utility, kind, advantage, **fields))
    return name


def batch_advantages(question: Sequence[Any], context: Sequence[Any], answer: Sequence[Any], utility: str,
                     kind: str = "plug-in", *, contexts: int | None = None, samples: int | None = None,
                     advantage: str = "trl-none", **fields: Any) -> np.ndarray:
    """Advantages of a batch whose rows carry question, context and answer (None: missing)."""
    rows = [(str(q), str(c), None if a is None else str(a), None) for q, c, a in zip(question, context, answer)]
    return score_rows(rows, utility, kind, contexts=contexts, samples=samples, advantage=advantage, **fields)[1]


class TrainerMixin:
    """For a subclass of RayPPOTrainer: `class Trainer(TrainerMixin, RayPPOTrainer)`, with the class
    attributes dag_utility, dag_estimator, dag_contexts, dag_samples. Non-tensor fields question_id,
    context_id and answer must be in the batch."""

    dag_utility = "coherence"
    dag_estimator = "plug-in"
    dag_contexts: int | None = None
    dag_samples: int | None = None

    def _compute_advantage(self, batch: Any, *args: Any, **kwargs: Any) -> Any:
        import torch
        missing = [f for f in ("question_id", "context_id", "answer") if f not in batch.non_tensor_batch]
        if missing:
            raise Error(f"dag TrainerMixin: the batch lacks the fields {', '.join(missing)}; the data set and the "
                        "reward manager (reward_extra_info) must bring them")
        fields = batch.non_tensor_batch
        adv = batch_advantages(fields["question_id"], fields["context_id"], fields["answer"], self.dag_utility,
                               self.dag_estimator, contexts=self.dag_contexts, samples=self.dag_samples)
        mask = batch.batch["response_mask"]
        a = torch.as_tensor(adv, dtype=torch.float32, device=mask.device)[:, None] * mask
        batch.batch["advantages"] = a
        batch.batch["returns"] = a
        return batch
