# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Answer-level rewards in TRL's GRPOTrainer.

    from dag_games import trl as dag_trl
    reward = dag_trl.reward("coherence", extract="boxed>number,number", contexts=4, samples=8)
    trainer = dag_trl.trainer_class()(model=..., reward_funcs=[reward], train_dataset=ds,
                                      args=GRPOConfig(scale_rewards="none", ...))

The data set has the columns question_id and context_id (strings): the phrasings of one question share
a question_id. A group is what these columns say, never a position. Rewards are computed over the rows
of all ranks; a question of which a part is missing is refused by name.
"""
from __future__ import annotations

from typing import Any, Callable

import numpy as np

from . import Error
from ._group import answers_of, column, score_rows

__all__ = ["reward", "QuestionSampler", "trainer_class"]


def _gather(rows: list) -> tuple[list, int]:
    """The rows of all ranks in rank order, and where this rank's begin."""
    try:
        import torch.distributed as dist
        many = dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
    except ImportError:
        many = False
    if not many:
        return rows, 0
    from accelerate.utils import gather_object
    counts = gather_object([len(rows)])
    return gather_object(rows), sum(counts[:dist.get_rank()])


def reward(utility: str, extract: str | Callable[[str], str | None] = "boxed>number,number", *, estimator: str = "plug-in",
           contexts: int | None = None, samples: int | None = None, gold: str | None = None,
           advantage: str = "trl-none", key: str = "canonical", name: str | None = None,
           **fields: Any) -> Callable[..., list[float | None]]:
    """A reward function for `reward_funcs`.

    utility, estimator, fields: as in `Groups.rewards`. extract: how an answer is read from a completion (a way
    of `dag_games.extract`, or a function of the text). contexts, samples: what a complete question has (refused
    otherwise). gold: the column of right answers, where the utility needs verdicts. advantage: a convention, or
    "signal". Samples without an answer get None. The last call's advantages of this rank are kept in
    `.last_advantages` (for `trainer_class`).
    """
    def function(prompts: Any = None, completions: Any = None, completion_ids: Any = None,
                 log_metric: Callable | None = None, **columns: Any) -> list[float | None]:
        n = len(completions)
        question, context = column(columns, "question_id", n), column(columns, "context_id", n)
        golds = column(columns, gold, n) if gold else [None] * n
        mine = list(zip(question, context, answers_of(completions, extract), golds))
        rows, first = _gather(mine)
        found, adv = score_rows(rows, utility, estimator, contexts=contexts, samples=samples,
                                advantage=advantage, key=key, **fields)
        local = slice(first, first + n)
        function.last_advantages = adv[local].astype(np.float32)
        function.last_report = found.report
        if log_metric is not None:
            for field in ("dead_groups", "singleton_groups", "unscored_samples", "single_context_questions"):
                log_metric(f"dag/{field}", float(found.report[field]))
            log_metric("dag/information", found.groups.information)
        return [None if np.isnan(r) else float(r) for r in found.reward[local]]

    function.__name__ = name or "dag_" + "".join(c if c.isalnum() else "_" for c in utility)
    function.last_advantages = None
    function.last_report = {}
    return function


class QuestionSampler:
    """Row indices in the order that keeps the contexts of a question in one generation batch.

    rows: the data set (columns question_id, context_id). Every question has the same number of rows;
    prompts_per_batch (generation_batch_size / num_generations) is a multiple of it. Each index comes
    `repeats` times in a row (num_generations), each batch `steps` times (num_iterations x
    steps_per_generation), as in TRL's own sampler. Questions are shuffled by seed + epoch.
    """

    def __init__(self, rows: Any, prompts_per_batch: int, repeats: int, steps: int = 1, *,
                 shuffle: bool = True, seed: int = 0, question: str = "question_id"):
        by_question: dict[str, list[int]] = {}
        for i, q in enumerate(rows[question]):
            by_question.setdefault(str(q), []).append(i)
        sizes = {len(v) for v in by_question.values()}
        if len(sizes) != 1:
            few = min(by_question.items(), key=lambda e: len(e[1]))
            many = max(by_question.items(), key=lambda e: len(e[1]))
            raise Error(f"QuestionSampler: every question needs the same number of contexts; '{few[0]}' has "
                        f"{len(few[1])}, '{many[0]}' has {len(many[1])}")
        self.contexts = sizes.pop()
        if prompts_per_batch % self.contexts:
            raise Error(f"QuestionSampler: a batch of {prompts_per_batch} prompts cannot hold whole questions "
                        f"of {self.contexts} contexts; make generation_batch_size / num_generations a multiple")
        self.questions = list(by_question.values())
        self.per_batch = prompts_per_batch // self.contexts
        if len(self.questions) < self.per_batch:
            raise Error(f"QuestionSampler: {len(self.questions)} questions are fewer than the {self.per_batch} "
                        "of one batch")
        self.repeats, self.steps, self.shuffle, self.seed, self.epoch = repeats, steps, shuffle, seed, 0

    def __iter__(self):
        order = np.arange(len(self.questions))
        if self.shuffle:
            order = np.random.default_rng((self.seed, self.epoch)).permutation(len(order))
        self.epoch += 1
        for b in range(0, len(order) - self.per_batch + 1, self.per_batch):
            batch = [i for q in order[b:b + self.per_batch] for i in self.questions[q]]
            for _ in range(self.steps):
                for index in batch:
                    yield from [index] * self.repeats

    def set_epoch(self, epoch: int) -> None:
        """As accelerate calls it: a run that goes on sees the order that it would have seen."""
        self.epoch = epoch

    def __len__(self) -> int:
        batches = len(self.questions) // self.per_batch
        return batches * self.per_batch * self.contexts * self.repeats * self.steps


def trainer_class(base: Any = None, *, exact_advantages: bool = True) -> type:
    """A GRPOTrainer that keeps the contexts of a question in one batch and, with exact_advantages, takes
    the advantages of dag's reward function as they are (TRL subtracts its own group mean and would count
    samples without an answer). With several reward functions the trainer's own rule stays."""
    if base is None:
        from trl import GRPOTrainer as base  # noqa: N813

    class SignalTrainer(base):
        def _get_train_sampler(self, dataset: Any = None) -> Any:
            rows = self.train_dataset if dataset is None else dataset
            args = self.args
            batch = args.generation_batch_size // self.num_generations
            return QuestionSampler(rows, batch, self.num_generations,
                                   self.num_iterations * args.steps_per_generation,
                                   shuffle=getattr(self, "shuffle_dataset", True), seed=args.seed)

        def _get_eval_sampler(self, eval_dataset: Any) -> Any:
            batch = self.args.per_device_eval_batch_size * self.accelerator.num_processes
            return QuestionSampler(eval_dataset, batch // self.num_generations_eval, self.num_generations_eval,
                                   shuffle=False)

        def _generate_and_score_completions(self, inputs: Any) -> dict:
            output = super()._generate_and_score_completions(inputs)
            own = [f for f in self.reward_funcs if getattr(f, "last_advantages", None) is not None]
            if exact_advantages and len(self.reward_funcs) == 1 and own:
                import torch
                given = output["advantages"]
                exact = torch.from_numpy(own[0].last_advantages).to(given.device, given.dtype)
                if exact.shape[0] != given.shape[0]:
                    raise Error(f"SignalTrainer: {exact.shape[0]} advantages for {given.shape[0]} rows")
                output["advantages"] = exact if given.dim() == 1 else exact[:, None].expand_as(given)
            return output

    return SignalTrainer
