# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag_games: rewards, advantages and equilibria at the level of answers.

    import dag_games as dag
    g = dag.Groups(question, context, answers)      # one entry a sample, or one list a group
    r = g.rewards("coherence", estimator="plug-in")
    r.reward, r.advantage("trl-none"), r.report

Arrays are NumPy or anything with DLPack on the CPU, seen without a copy; a wrong dtype is refused.
Every broken rule is a `dag_games.Error` (a ValueError) that names the rule and the values.
"""
from __future__ import annotations

import json as _json
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from . import _core
from ._core import Error, __version__

__all__ = ["Error", "Groups", "Preset", "Rewards", "TableRewards", "advantages", "advantage_names", "align", "align_batch", "canonical",
           "equal", "extract", "gdpo", "policy_loss", "policy_presets", "presets", "reward_table", "solve", "solve_batch",
           "table_rewards", "train", "utilities", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "cuda":  # imported when it is asked for
        import importlib
        return importlib.import_module("dag_games.cuda")
    raise AttributeError(f"module 'dag_games' has no attribute {name!r}")


class _Numpy:
    """NumPy from its first use on: importing it takes longer than all of this module."""

    def __getattr__(self, name: str) -> Any:
        import numpy
        globals()["_np"] = numpy
        return getattr(numpy, name)


_np: Any = _Numpy()


def _column(values: Any, name: str, own: bool = True) -> Any:
    """A tuple, which nobody changes; with own=False a list as it lies."""
    if isinstance(values, (str, bytes)):
        raise Error(f"Groups: {name} must be a sequence with one entry a sample, got one {type(values).__name__}")
    if not own and isinstance(values, list):
        return values
    try:
        return tuple(values)
    except TypeError:
        raise Error(f"Groups: {name} must be a sequence with one entry a sample, got {values!r:.80}") from None


def _array(values: Any, name: str, optional: bool = False, out: bool = False) -> Any:
    """An array that can be seen as it lies; says what is in the way. One with strides is copied, except `out`."""
    if values is None and optional:
        return None
    if not (hasattr(values, "__dlpack__") or hasattr(values, "__array_interface__")):
        raise Error(f"{name} must be an array (NumPy, or DLPack on the CPU), got {type(values).__name__}")
    if getattr(values, "requires_grad", False):
        raise Error(f"{name} is part of a graph; give {name}.detach()")
    if getattr(values, "is_cuda", False):
        raise Error(f"{name} is on a device; give {name}.cpu()")
    if out:
        flags = getattr(values, "flags", None)
        whole = flags.c_contiguous if flags is not None else values.is_contiguous()
        if not whole or (flags is not None and not flags.writeable):
            raise Error(f"{name} must be contiguous and writable: what is computed would be lost")
    return values


def _is_narrow(array: Any) -> bool:
    return str(array.dtype).endswith("float32")  # of NumPy and of torch


def _word(text: Any, name: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise Error(f"{name} must be a str that is not empty, got {text!r}")
    return text.replace(" ", "")


class Rewards:
    """Rewards of `Groups.rewards`, in the order of the rows.

    reward: float64, NaN where a sample has none (no answer could be read, no gold).
    report: counts of what yields no signal: dead_groups, singleton_groups, unscored_samples, ...
    """

    def __init__(self, groups: "Groups", reward: Any, fused: dict, report: dict, named: tuple, shaping: str = "",
                 factor: Any = None):
        self._groups, self.reward, self._fused, self.report, self._named = groups, reward, fused, report, named
        self._shaping, self._factor = shaping, factor
        self.groups = groups

    def advantage(self, kind: str = "trl-none", lengths: Any = None) -> Any:
        """Advantages under a trainer's convention (`advantage_names()`), float64 in row order;
        0 for a sample without a reward. lengths: tokens a sample, for the kinds that weigh by them."""
        if kind in self._fused and lengths is None:
            return self._fused[kind]
        order, offsets = self._groups._order, self._groups._offsets

        def grouped(values: Any) -> Any:
            values = _np.asarray(values, dtype=_np.float64)
            if values.shape != self.reward.shape:
                raise Error(f"advantage: {values.size} lengths for {self.reward.size} samples")
            return _np.ascontiguousarray(values if order is None else values[order])

        reward = grouped(self.reward)
        out = _np.empty_like(reward)
        _core.advantages64(reward, offsets, kind, None if lengths is None else grouped(lengths), out)
        if order is not None:
            back = _np.empty_like(out)
            back[order] = out
            out = back
        return out if self._factor is None else out * self._factor

    @property
    def signal(self) -> Any:
        """The utility's signals (`Groups.signals`), which a policy gradient takes as they are."""
        if self._shaping:
            raise Error(f"signal: rewards shaped by {self._shaping} are no gradient of a utility; take advantage()")
        utility, estimator, smoothing = self._named
        return self._groups.signals(utility, estimator, smoothing)


class Groups:
    """Sampled answers in groups: the samples of one (question, context).

    question, context, answers, gold, right: one entry a sample (answers: str or None), or one entry a
    group (answers: a list of str or None). Groups are what the names say, never a position: rows may come
    in any order, and no bit of a reward depends on it. gold: the group's right answer, or None. right: True, False or None a
    sample, where the caller judged it. key: "canonical" (as a careful grader reads them) or "exact".
    """

    def __init__(self, question: Iterable[str], context: Iterable[str], answers: Iterable[Any],
                 gold: Iterable[str | None] | None = None, key: str = "canonical", *,
                 right: Iterable[bool | None] | None = None):
        answers = _column(answers, "answers")
        by_group = len(answers) > 0 and isinstance(answers[0], (list, tuple))
        question, context = _column(question, "question", by_group), _column(context, "context", by_group)
        gold = None if gold is None else _column(gold, "gold")
        right = None if right is None else _column(right, "right")
        if by_group and right is not None:
            raise Error("Groups: right= goes with one entry a sample, not with lists of answers")
        try:
            if by_group:
                self._core = _core._Groups.of_lists(question, context, answers, gold, key)
            else:
                self._core = _core._Groups.of_rows(question, context, answers, gold, right, key)
        except Error:
            other = next((i for i, a in enumerate(answers) if isinstance(a, (list, tuple)) != by_group), None)
            if other is None:
                raise
            raise Error("Groups: answers must be all str (one a sample) or all lists (one a group); "
                        f"entry {other} differs from entry 0") from None
        self._index()

    def _index(self) -> None:
        order = self._core.order()
        self._order = order if len(order) else None
        self._offsets = self._core.offsets()

    @classmethod
    def from_ids(cls, ids: Any, offsets: Any = None, question: Any = None) -> "Groups":
        """Answers as integers: ids int32 or int64, groups x samples, or flat with offsets (int64,
        groups + 1); negative: missing. question: likewise, one a group, equal for contexts of one question."""
        self = cls.__new__(cls)
        self._core = _core._Groups.of_ids(_array(ids, "from_ids: ids"), _array(offsets, "from_ids: offsets", True),
                                          _array(question, "from_ids: question", True))
        self._index()
        return self

    @classmethod
    def from_counts(cls, rows: Iterable[tuple[str, str, Mapping[str | None, int]]],
                    gold: Iterable[str | None] | None = None, key: str = "canonical") -> "Groups":
        """Groups as counts: (question, context, {answer: how often}) a row; None: samples without an
        answer. Samples are in the order of the rows and their answers, each as often as it was counted."""
        rows = list(rows)
        for row in rows:
            if len(row) != 3 or not hasattr(row[2], "items"):
                raise Error(f"from_counts: a row is (question, context, {{answer: count}}), got {row!r:.80}")
        answers = []
        for question, context, counts in rows:
            for answer, count in counts.items():
                if isinstance(count, bool) or int(count) != count or count < 0:
                    raise Error(f"from_counts: question '{question}', context '{context}': the count of {answer!r} "
                                f"must be a whole number >= 0, got {count!r}")
            answers.append([a for a, count in counts.items() for _ in range(int(count))])
        return cls([r[0] for r in rows], [r[1] for r in rows], answers, gold, key)

    def __len__(self) -> int:
        return len(self._core)

    @property
    def ids(self) -> Any:
        """int32: the id of each sample's answer within its question, -1: missing."""
        return self._core.ids()

    @property
    def right(self) -> Any:
        """int8: 1 right, 0 wrong, -1 not known."""
        return self._core.right()

    @property
    def information(self) -> float:
        """What an answer says of the question asked, in nats: a sign of collapse that needs no labels. Agreement rises
        and this falls to 0 where all questions come to one answer. Plug-in: compare batches of one design."""
        return self._core.information()

    @property
    def report(self) -> dict:
        return self._core.report()

    def require(self, contexts: int, samples: int) -> "Groups":
        """Raises unless every question has `contexts` contexts of `samples` samples each; names the
        question that has not. A batch cut through a question gives wrong rewards, silently."""
        if not (isinstance(contexts, int) and isinstance(samples, int) and contexts > 0 and samples > 0):
            raise Error(f"require: contexts and samples must be whole numbers > 0, got {contexts!r} and {samples!r}")
        self._core.require(contexts, samples)
        return self

    def rewards(self, utility: str, estimator: str = "plug-in", out: Any = None, *, own: Any = None,
                reference: "Groups | None" = None, **fields: Any) -> Rewards:
        """Rewards of a utility by its name in the registry (`utilities()`), or of a sum: "coherence + 0.1*entropy".
        Terms of a sum may also be majority, self_frequency and own (the samples' own rewards: own=, float64).

        estimator: plug-in, leave-one-out, u-statistic, digamma, minimax, aqp. fields: those of the
        utility (weight, order, k, smoothing, target, values, ...; files as in `dag rewards`), and shaping
        (uniqueness[:ALPHA], dra, gapo, ucpo[:TAU], differential_smoothing[:S]: rare right answers are favoured, as
        published); an unknown one is refused. reference: groups whose consensus is frozen (frozen_arithmetic and its kin).
        out: float64, one a sample, filled with the rewards.
        """
        name = _word(utility, "rewards: utility")
        own = _array(own, "rewards: own", True)
        if reference is not None and not isinstance(reference, Groups):
            raise Error(f"rewards: reference must be Groups, got {type(reference).__name__}")
        reward, advantage, report, factor = self._core.rewards(name, estimator, "trl-none", own,
                                                       None if reference is None else reference._core, fields)
        if out is not None:
            if not isinstance(out, _np.ndarray) or out.dtype != _np.float64 or out.shape != reward.shape:
                raise Error(f"rewards: out must be float64 of shape {reward.shape}, got "
                            f"{getattr(out, 'dtype', type(out).__name__)} {getattr(out, 'shape', '')}")
            if not out.flags.writeable:
                raise Error("rewards: out cannot be written to")
            out[...] = reward
            reward = out
        return Rewards(self, reward, {"trl-none": advantage}, report,
                       (name, estimator, float(fields.get("smoothing", 0.5))), fields.get("shaping", ""), factor)

    def signals(self, utility: str, estimator: str = "aqp", smoothing: float = 0.5) -> Any:
        """Signals, float64 a sample: the gradient of the utility's estimate is mean_i signal_i grad log pi(y_i). They
        are centred already, by a baseline that does not depend on the sample and so adds no bias; 0 for a missing
        answer. What `dag train` uses. For utilities that know answers by their groups alone."""
        return self._core.signals(_word(utility, "signals: utility"), estimator, smoothing)


class TableRewards(NamedTuple):
    reward: Any
    advantage: Any
    report: dict


def table_rewards(ids: Any, estimator: str = "aqp", scale: float = -1.0, advantage: str = "trl-none",
                  dtype: Any = "float64", out: tuple[Any, Any] | None = None
                  ) -> TableRewards:
    """Rewards scale * (estimate of log nu(z)) and advantages straight from integer answers, in one
    pass (scale -1: entropy). ids: int32 (int64 is narrowed first), groups x samples. dtype: float32 or float64.
    out: (rewards, advantages) of ids' shape, filled in place; nothing is allocated then."""
    ids = _array(ids, "table_rewards: ids")
    if out is None:
        shape = _np.shape(ids)
        out = (_np.empty(shape, dtype), _np.empty(shape, dtype))
    for array, name in zip(out, ("rewards", "advantages")):
        _array(array, f"table_rewards: the {name}' out", out=True)
    run = _core.table_rewards32 if _is_narrow(out[0]) else _core.table_rewards64
    return TableRewards(out[0], out[1], run(ids, estimator, scale, advantage, out[0], out[1]))


def advantages(rewards: Any, offsets: Any, kind: str = "trl-none", lengths: Any = None,
               out: Any = None) -> Any:
    """Advantages of ragged groups: rewards float32 or float64 (NaN: no reward), offsets int64,
    groups + 1; lengths of the rewards' dtype."""
    rewards, lengths = _np.asarray(_array(rewards, "advantages: rewards")), _array(lengths, "advantages: lengths", True)
    offsets = _array(offsets, "advantages: offsets")
    out = _np.empty_like(rewards, order="C") if out is None else _array(out, "advantages: out", out=True)
    run = _core.advantages32 if rewards.dtype == _np.float32 else _core.advantages64
    run(rewards, offsets, kind, lengths, out)
    return out


class Preset(NamedTuple):
    """What a trainer of a given version computes under a name; `str(preset)` is what `policy_loss` takes."""
    peer: str
    version: str
    name: str
    advantage: str
    normalize_then_sum: bool
    loss: dict
    setting: str
    advantage_formula: str
    loss_formula: str

    def __str__(self) -> str:
        return f"{self.peer}-{self.version}/{self.name}"


def presets(peer: str | None = None, version: str | None = None, name: str | None = None) -> Any:
    """Presets pinned by peer version: `presets("trl", "1.16", "dr_grpo")` is one, fewer words a list of those that fit.
    version: "1.16", or longer. loss: the fields of the loss that differ from its defaults."""
    def fits(row: Preset) -> bool:
        return ((peer is None or row.peer == peer) and (name is None or row.name == name) and
                (version is None or (str(version) + ".").startswith(row.version + ".")))

    rows = [Preset(**row) for row in _core.trainer_presets()]
    found = [row for row in rows if fits(row)]
    if not found:
        of = [row for row in rows if row.peer == peer and (version is None or fits(row._replace(name=name)))]
        known = [row.name for row in of] if of else sorted({f"{row.peer} {row.version}" for row in rows})
        raise Error(f"presets: none is called {name or ''} of {peer} {version or ''}; there are {', '.join(known)}")
    return found[0] if None not in (peer, version, name) else found


def gdpo(rewards: Any, offsets: Any, weights: Any = None) -> Any:
    """Advantages of several rewards, each normalised in its group, then summed and normalised over the batch (GDPO, as
    TRL). rewards: float64, rewards x samples, NaN: not scored by this one; offsets: int64, groups + 1."""
    rewards = _array(rewards, "gdpo: rewards")
    if len(_np.shape(rewards)) != 2:
        raise Error(f"gdpo: rewards must have two dimensions (rewards x samples), got {_np.shape(rewards)}")
    weights = _np.ones(rewards.shape[0]) if weights is None else _array(weights, "gdpo: weights")
    out = _np.empty(rewards.shape[1])
    _core.gdpo(rewards, weights, _array(offsets, "gdpo: offsets"), out)
    return out


def policy_loss(preset: "str | Preset", log_prob: Any, advantage: Any, *, mask: Any = None,
                old_log_prob: Any = None, reference_log_prob: Any = None, sampler_log_prob: Any = None,
                entropy: Any = None, group: Any = None, **options: Any) -> tuple[Any, dict]:
    """A trainer's policy loss by preset: (gradient in log_prob, numbers). preset: one of `policy_presets()`, or of a
    peer's version (`presets("trl", "1.16", "dapo")` or "trl-1.16/dapo"). log_prob: float32 or float64, sequences x
    tokens, nats; the others likewise; advantage one a sequence; mask uint8; group int64, one a sequence, equal within a
    group (for aggregation="group_mean_token_mean"). options: fields of the loss in place of the
    preset's (beta, kl, epsilon_high, fixed_length, ...). With entropy_coef the numbers hold entropy_gradient."""
    log_prob, advantage = _array(log_prob, "policy_loss: log_prob"), _array(advantage, "policy_loss: advantage")
    mask, old_log_prob = _array(mask, "policy_loss: mask", True), _array(old_log_prob, "policy_loss: old_log_prob", True)
    reference_log_prob = _array(reference_log_prob, "policy_loss: reference_log_prob", True)
    sampler_log_prob = _array(sampler_log_prob, "policy_loss: sampler_log_prob", True)
    entropy, group = _array(entropy, "policy_loss: entropy", True), _array(group, "policy_loss: group", True)
    run = _core.policy_loss32 if _is_narrow(log_prob) else _core.policy_loss64
    return run(str(preset), log_prob, advantage, mask, old_log_prob, reference_log_prob, sampler_log_prob, entropy, group,
               options)


def utilities() -> list[dict]:
    """All utilities: name, aliases, formula, help, estimators."""
    return _core.utilities()


def policy_presets() -> list[str]:
    return _core.policy_presets()


def advantage_names() -> list[str]:
    return _core.advantage_names()


def reward_table(group_size: int, kind: str = "aqp") -> dict:
    """The table c[k] of an estimator of log nu(z), k the other samples with the same answer; with its
    measured bias and variance."""
    return _core.reward_table(group_size, kind)


def extract(texts: Sequence[str], how: str = "boxed>number,number") -> list[str | None]:
    """The answer of each text, None where there is none. `dag answers --help` lists the ways."""
    if isinstance(texts, str):
        raise Error("extract: texts must be a list of str, got one str")
    return _core.extract(tuple(texts), how)


def _text(answer: Any) -> str:
    if not isinstance(answer, str):
        raise Error(f"an answer must be a str, got {type(answer).__name__}")
    return answer


def canonical(answer: str) -> str:
    """The key under which equal answers meet."""
    answer = _text(answer)
    return _core.canonical(answer)


def equal(a: str, b: str) -> bool:
    """Whether two answers are the same, as a careful grader reads them."""
    return _core.equal(_text(a), _text(b))[0]


def align(kind: str, nu0: Any, beta: float, **fields: Any) -> dict:
    """The exact answer-level game: what `dag align` says of one problem.
    nu0: one distribution, or one a context."""
    def plain(value: Any) -> Any:
        return value.tolist() if hasattr(value, "tolist") else value

    problem = {"id": "python", "kind": kind, "nu0": plain(nu0), "beta": beta,
               **{name: plain(value) for name, value in fields.items()}}
    try:
        line = _json.dumps(problem, allow_nan=False)
    except (TypeError, ValueError):
        raise Error("align: nu0 and the fields must be finite numbers, lists of them, or str") from None
    return _json.loads(_core.align_json(line))


def solve(game: Any, solver: str = "auto", **fields: Any) -> dict:
    """Equilibria of a game, as `dag solve --json` says them. game: a name ("kuhn_poker"), a file, a
    payoff matrix (zero-sum, rows maximise), or a sequence of payoff arrays, one a player.
    fields: tolerance, absolute_tolerance, exact, max_iterations, time_limit (seconds; nothing else ends a long
    run), average, tau, select, start, feedback, seed."""
    if isinstance(game, (str, bytes)) or hasattr(game, "__fspath__"):
        import os
        return _json.loads(_core.solve_word(os.fspath(game), solver, fields))
    if isinstance(game, (tuple, list)) and game and _np.ndim(game[0]) >= 1 and _np.ndim(game[0]) == len(game):
        payoffs = [_np.asarray(p) for p in game]
    else:
        matrix = _np.asarray(game)
        if matrix.ndim != 2:
            raise Error(f"solve: a payoff matrix has two dimensions, got {matrix.ndim}; give one array a "
                        "player for other games")
        if matrix.dtype.kind not in "fiu":
            raise Error(f"solve: payoffs must be numbers, got {matrix.dtype}")
        payoffs = [matrix, -matrix.astype(_np.float64)]
    shapes = {p.shape for p in payoffs}
    if len(shapes) != 1 or len(payoffs) != payoffs[0].ndim:
        raise Error(f"solve: {len(payoffs)} payoff arrays of shapes {sorted(shapes)}; each needs one "
                    "dimension a player")
    flat = []
    for p in payoffs:
        if p.dtype.kind not in "fiu":
            raise Error(f"solve: payoffs must be numbers, got {p.dtype}")
        flat.append(_np.asarray(p, dtype=_np.float64).ravel(order="F"))
    return _json.loads(_core.solve_arrays(list(payoffs[0].shape), flat, solver, fields))


def _stacked(values: Any, name: str, dimensions: int) -> Any:
    """Numbers as float64, one game or question after the other."""
    array = _np.asarray(_array(values, name))
    if array.ndim != dimensions or array.size == 0 or array.dtype.kind not in "fiu":
        raise Error(f"{name} must be numbers of {dimensions} dimensions, got {array.dtype} of shape {array.shape}")
    return _np.ascontiguousarray(array, dtype=_np.float64)


def solve_batch(payoffs: Any, tolerance: float = 1e-6, threads: int = 1) -> dict:
    """Many zero-sum games in one call, a few microseconds each. payoffs: games x rows x columns, to the row player, who
    maximises; 1 to 64 strategies. tolerance: on gap / payoff range. Arrays with an entry (a row) a game: row, column,
    value, gap (an upper bound, rounding included), converged. The same bits for any number of threads."""
    payoffs = _stacked(payoffs, "solve_batch: payoffs", 3)
    found = _core.solve_batch(payoffs, payoffs.shape[1], payoffs.shape[2], tolerance, threads)
    return {**found, "converged": found["converged"].view(_np.bool_)}


def align_batch(kind: str, nu0: Any, beta: Any, weight: float = 1.0, reward: Any = None, target: Any = None,
                tolerance: float = 1e-10, threads: int = 1) -> dict:
    """The answer-level games of many questions in one call: what `align` says of each. kind: shannon_entropy, gini,
    expected_reward or forward_kl. nu0: questions x answers; beta: a number, or one a question; reward
    (expected_reward) or target (forward_kl): as nu0. Arrays with an entry (a row) a question: solution, value, residual,
    gap, converged. The same bits for any number of threads."""
    nu0 = _stacked(nu0, "align_batch: nu0", 2)
    named = {"expected_reward": "reward", "forward_kl": "target"}.get(kind)
    for name, table in (("reward", reward), ("target", target)):
        if (table is not None) != (name == named):
            raise Error(f"align_batch: {kind} takes {f'the field {named}' if named else 'neither reward nor target'}")
    table = None if named is None else _stacked(reward if named == "reward" else target, f"align_batch: {named}", 2)
    if table is not None and table.shape != nu0.shape:
        raise Error(f"align_batch: {named} must be of nu0's shape {nu0.shape}, got {table.shape}")
    betas = _np.ascontiguousarray(_np.broadcast_to(_np.asarray(beta, dtype=_np.float64), nu0.shape[:1]))
    found = _core.align_batch(kind, nu0, nu0.shape[1], betas, weight, table, tolerance, threads)
    return {**found, "converged": found["converged"].view(_np.bool_)}


def train(model: Any, questions: Iterable[Sequence[Any]], answer: Any, utility: str = "coherence", *,
          reference: Any = None, estimator: str = "aqp", smoothing: float = 0.5, on_step: Any = None,
          **fields: Any) -> list[dict]:
    """Answer-level policy gradient of any object that has log-probabilities: `dag::train`.

    model: `sample(prompts, seed) -> traces`, one a prompt; `log_prob(prompts, traces) -> numbers` (nats);
    `ascend(prompts, traces, weights, rate, clip_norm) -> norm`: one step of its own optimiser along
    sum_i weights[i] grad log pi(traces[i]|prompts[i]). questions: for each the prompts of its contexts.
    answer(prompt, trace): a str, or None where none can be read. reference: an object with log_prob, the anchor
    where beta > 0. on_step(record): called after each step; False stops. fields: steps, questions_per_step,
    samples, beta, learning_rate, warm_up, clip_norm, seed. Returns the records.
    """
    if reference is None:
        if fields.get("beta", 0) != 0:
            raise Error("train: beta > 0 anchors to a reference; give reference=, a model that does not move")
        reference = model
    records: list[dict] = []

    def note(line: str) -> Any:
        records.append(_json.loads(line))
        return None if on_step is None else on_step(records[-1])

    _core.train(model, reference, [list(q) for q in questions], _word(utility, "train: utility"), estimator, smoothing,
                answer, note, fields)
    return records
