# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""What the trainers' adapters share: texts of completions, rows of a batch, rewards of whole questions."""
from __future__ import annotations

from typing import Any, Callable, Sequence

import numpy as np

from . import Error, Groups, Rewards, extract

__all__ = ["text_of", "Row", "score_rows"]

Row = tuple[str, str, "str | None", "str | None"]  # question, context, answer, gold


def text_of(completion: Any) -> str:
    """A completion's text: a str, or the messages of a conversation (the assistant's, joined)."""
    if isinstance(completion, str):
        return completion
    if isinstance(completion, (list, tuple)):
        said = [m.get("content") or "" for m in completion if m.get("role", "assistant") == "assistant"]
        return "\n".join(part if isinstance(part, str) else
                         "".join(p.get("text", "") for p in part) for part in said)
    raise Error(f"a completion must be a str or a list of messages, got {type(completion).__name__}")


def answers_of(completions: Sequence[Any], how: "str | Callable[[str], str | None]") -> list[str | None]:
    """The answers of completions, read as `extract` reads them, or by a function of the text."""
    texts = [text_of(c) for c in completions]
    return [how(t) for t in texts] if callable(how) else extract(texts, how)


def column(columns: dict, name: str, rows: int) -> list:
    if name not in columns:
        raise Error(f"the data set needs a column '{name}'; columns here: {', '.join(sorted(columns)) or 'none'}")
    values = [str(v) for v in columns[name]]
    if len(values) != rows:
        raise Error(f"column '{name}' has {len(values)} rows for {rows} completions")
    return values


def score_rows(rows: Sequence[Row], utility: str, estimator: str, *, contexts: int | None = None,
               samples: int | None = None, advantage: str = "trl-none", key: str = "canonical",
               **fields: Any) -> tuple[Rewards, np.ndarray]:
    """Rewards and advantages of rows, in their order. advantage: a convention, or "signal": the utility's own
    signals. With contexts and samples, questions that are not complete are refused by name."""
    gold = [r[3] for r in rows]
    groups = Groups([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows],
                    gold if any(g is not None for g in gold) else None, key)
    if contexts is not None or samples is not None:
        if contexts is None or samples is None:
            raise Error("give contexts and samples together: how many of each a complete question has")
        groups.require(contexts, samples)
    found = groups.rewards(utility, estimator, **fields)
    return found, found.signal if advantage == "signal" else found.advantage(advantage)
