# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Rewards of tables of rollouts, by whatever engine splits them: Ray Data, Dask, pandas, or a loop.

    from dag_games.tables import QuestionRewards
    score = QuestionRewards("coherence", text="completion", extract="boxed>number,number", contexts=4, samples=16)
    rewarded = ray.data.read_parquet("rollouts/").groupby("question_id").map_groups(score)

A row is a sample. Questions do not depend on each other, so that a table may be split in any way that keeps a
question's rows together; rewards and advantages then have the same bits as those of the whole table in one
process, whatever the order of the rows.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from . import Error
from ._group import answers_of, score_rows

__all__ = ["QuestionRewards"]


def _missing(value: Any) -> bool:
    """None, NaN, NaT or pandas.NA: what tables have for what is not there."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except TypeError:  # pandas.NA compares to itself, and that is neither true nor false
        return True


class QuestionRewards:
    """A function of a table (columns by name: a dict of arrays, a pandas.DataFrame, a pyarrow.Table) that
    gives it back, of the same type and with its rows in their order, with float64 columns `reward` (NaN where a sample has none)
    and `advantage`. It can be pickled.

    utility, estimator, advantage, key, fields: as in `Groups.rewards` and `Rewards.advantage` ("signal": the
    utility's own). question, context: columns of names. Answers stand in the column `answer`, or are read from the
    column `text` as `extract` says. gold: a column of right answers, for utilities that need verdicts. contexts, samples: what a
    complete question has; others are refused by name. Conventions that look at a whole batch ("trl-batch", "gpg") see
    the table they are given, which then has to be the batch. Errors: dag_games.Error.
    """

    def __init__(self, utility: str, *, estimator: str = "plug-in", advantage: str = "trl-none", question: str = "question_id",
                 context: str = "context_id", answer: str = "answer", text: str | None = None,
                 extract: str = "boxed>number,number", gold: str | None = None, contexts: int | None = None,
                 samples: int | None = None, key: str = "canonical", **fields: Any) -> None:
        self.utility, self.estimator, self.advantage, self.key, self.fields = utility, estimator, advantage, key, fields
        self.question, self.context, self.answer, self.text = question, context, answer, text
        self.extract, self.gold, self.contexts, self.samples = extract, gold, contexts, samples
        self.__name__ = "dag_rewards"  # engines show it

    def _column(self, table: Any, name: str) -> list:
        names = list(getattr(table, "column_names", None) or table)
        if name not in names:
            raise Error(f"the table needs a column '{name}'; its columns: {', '.join(map(str, names)) or 'none'}")
        values = table[name]
        return values.to_pylist() if hasattr(values, "to_pylist") else list(values)

    def _names(self, table: Any, name: str) -> list[str]:
        values = self._column(table, name)
        for row, value in enumerate(values):
            if _missing(value):
                raise Error(f"row {row} has no '{name}'")
        return [str(value) for value in values]

    def __call__(self, table: Any) -> Any:
        if self.text is not None:
            texts = self._column(table, self.text)
            found = iter(answers_of([t for t in texts if not _missing(t)], self.extract))
            answers = [None if _missing(t) else next(found) for t in texts]
        else:
            answers = [None if _missing(a) else str(a) for a in self._column(table, self.answer)]
        golds = [None if _missing(g) else str(g) for g in self._column(table, self.gold)] if self.gold else [None] * len(answers)
        rows = list(zip(self._names(table, self.question), self._names(table, self.context), answers, golds))
        if not rows:
            reward = advantage = np.empty(0)
        else:
            scored, advantage = score_rows(rows, self.utility, self.estimator, contexts=self.contexts, samples=self.samples,
                                           advantage=self.advantage, key=self.key, **self.fields)
            reward = scored.reward
        new = {"reward": np.asarray(reward, np.float64), "advantage": np.asarray(advantage, np.float64)}
        if hasattr(table, "append_column"):  # pyarrow
            import pyarrow
            for name, values in new.items():
                column = pyarrow.array(values)
                table = (table.set_column(table.column_names.index(name), name, column) if name in table.column_names
                         else table.append_column(name, column))
            return table
        return table.assign(**new) if hasattr(table, "assign") else {**table, **new}
