# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
import json
import math
import os
import pathlib
import subprocess
import sys
import threading

import numpy as np
import pytest

import dag_games as dag

PROGRAM = os.environ.get("DAG_PROGRAM")
needs_program = pytest.mark.skipif(not PROGRAM or not pathlib.Path(PROGRAM).exists(),
                                   reason="DAG_PROGRAM does not name the program dag")


def rows():
    question = ["q1"] * 8 + ["q2"] * 4
    context = ["a"] * 4 + ["b"] * 4 + ["a"] * 4
    answers = ["1", "1", "2", "1/2", "1", "0.5", "2", None, "x", "x", "y", None]
    return question, context, answers


def coherence(question, context, answers):
    """The plug-in reward by hand: log q(z) - log nu(z), q the mean over contexts with answers."""
    nu = {}
    for q in set(question):
        for c in set(context):
            own = [a for a, qq, cc in zip(answers, question, context) if (qq, cc) == (q, c) and a is not None]
            if own:
                nu[q, c] = {z: own.count(z) / len(own) for z in own}
    out = []
    for q, c, a in zip(question, context, answers):
        if a is None:
            out.append(math.nan)
            continue
        pools = [d for (qq, _), d in nu.items() if qq == q]
        mean = sum(d.get(a, 0) for d in pools) / len(pools)
        out.append(math.log(mean) - math.log(nu[q, c][a]))
    return np.array(out)


def test_groups_are_what_the_names_say_in_any_order():
    question, context, answers = rows()
    same = ["0.5" if a == "1/2" else a for a in answers]
    reward = dag.Groups(question, context, answers).rewards("coherence").reward
    np.testing.assert_allclose(reward, coherence(question, context, same), rtol=0, atol=1e-14)
    rng = np.random.default_rng(3)
    for _ in range(20):
        p = rng.permutation(len(question))
        g = dag.Groups([question[i] for i in p], [context[i] for i in p], [answers[i] for i in p])
        np.testing.assert_array_equal(g.rewards("coherence").reward, reward[p])


def test_lists_and_rows_say_the_same():
    question, context, answers = rows()
    whole = dag.Groups(["q1", "q1", "q2"], ["a", "b", "a"], [answers[:4], answers[4:8], answers[8:]])
    one = dag.Groups(question, context, answers)
    for utility in ("coherence", "shannon_entropy", "gini"):
        np.testing.assert_array_equal(whole.rewards(utility).reward, one.rewards(utility).reward)
    assert whole.report == one.report and len(one) == 12


def test_advantages_are_centred_and_zero_without_an_answer():
    r = dag.Groups(*rows()).rewards("shannon_entropy")
    a = r.advantage("trl-none")
    assert a[7] == 0 and a[11] == 0 and np.isnan(r.reward[7])
    assert abs(a[:4].sum()) < 1e-12
    scaled = r.advantage("trl-group")
    std = np.nanstd(r.reward[:4], ddof=1)
    np.testing.assert_allclose(scaled[:4], a[:4] / (std + 1e-4), rtol=1e-12)


def test_gold_gives_verdicts():
    question, context, answers = rows()
    g = dag.Groups(question, context, answers, gold=["\\frac12"] * 8 + [None] * 4)
    assert g.right.tolist() == [0, 0, 0, 1, 0, 1, 0, 0, -1, -1, -1, -1]
    assert g.rewards("expected_reward").reward[:4].tolist() == [0, 0, 0, 1]


def test_a_sum_is_the_sum():
    g = dag.Groups(*rows())
    both = g.rewards("coherence + 0.1*entropy").reward
    parts = g.rewards("coherence").reward + 0.1 * g.rewards("entropy").reward
    np.testing.assert_allclose(both, parts, rtol=1e-13)


def test_require_names_the_question():
    g = dag.Groups(*rows())
    with pytest.raises(dag.Error, match="q2"):
        g.require(2, 4)
    dag.Groups(["q"] * 4, ["a", "a", "b", "b"], list("1212")).require(2, 2)
    with pytest.raises(dag.Error, match="q"):
        dag.Groups(["q"] * 3, ["a", "a", "b"], list("121")).require(2, 2)


def test_ids_as_strings():
    rng = np.random.default_rng(1)
    ids = rng.integers(-1, 4, (6, 8)).astype(np.int32)
    question = np.array([0, 0, 1, 1, 2, 2], np.int32)
    by_id = dag.Groups.from_ids(ids, question=question)
    strings = [[None if i < 0 else str(i) for i in row] for row in ids]
    by_name = dag.Groups([str(q) for q in question], ["a", "b"] * 3, strings, key="exact")
    for utility in ("coherence", "gini"):
        np.testing.assert_array_equal(by_id.rewards(utility).reward, by_name.rewards(utility).reward)
    flat = dag.Groups.from_ids(ids.ravel(), offsets=np.arange(0, 49, 8, dtype=np.int64), question=question)
    np.testing.assert_array_equal(flat.rewards("gini").reward, by_id.rewards("gini").reward)


def test_shaping_favours_rare_right_answers():
    g = dag.Groups(["q"] * 4, ["c"] * 4, ["1", "1", "2", "3"], right=[True, True, True, False])
    plain = g.rewards("expected_reward")
    rare = g.rewards("expected_reward", shaping="uniqueness:1")
    for kind in ("trl-none", "trl-group"):
        np.testing.assert_allclose(rare.advantage(kind), plain.advantage(kind) * [0.5, 0.5, 1, 1], rtol=1e-15)
    np.testing.assert_array_equal(g.rewards("expected_reward", shaping="dra").reward, [0.5, 0.5, 1, 0])
    np.testing.assert_allclose(g.rewards("expected_reward", shaping="gapo").reward,
                               [1 - (2 / 3 - 1 / 2)] * 2 + [1 - (1 / 3 - 1 / 2), -1], rtol=1e-15)
    np.testing.assert_allclose(g.rewards("expected_reward", shaping="differential_smoothing:2").reward,
                               [1 + 2 * math.log(2)] * 2 + [1 + 2 * math.log(4), -2 * math.log(4)], rtol=1e-15)
    with pytest.raises(dag.Error, match="no gradient"):
        rare.signal
    with pytest.raises(dag.Error, match="shaping"):
        g.rewards("expected_reward", shaping="rarity")


def test_table_rewards_in_place_and_by_hand():
    rng = np.random.default_rng(2)
    ids = rng.integers(0, 5, (32, 16)).astype(np.int32)
    table = dag.reward_table(16, "digamma")["table"]
    want = np.array([[-table[(row == z).sum() - 1] for z in row] for row in ids])
    found = dag.table_rewards(ids, "digamma")
    np.testing.assert_allclose(found.reward, want, rtol=1e-14)
    np.testing.assert_allclose(found.advantage, want - want.mean(1, keepdims=True), atol=1e-13)
    out = (np.empty_like(want, dtype=np.float32), np.empty_like(want, dtype=np.float32))
    again = dag.table_rewards(ids, "digamma", out=out)
    assert again.reward is out[0]
    np.testing.assert_allclose(out[1], found.advantage, atol=2e-6)


@pytest.mark.parametrize("bad, text", [
    (lambda: dag.Groups.from_ids(np.zeros((2, 3), np.int16)), "ids must be int32 or int64, got int16"),
    (lambda: dag.Groups.from_ids(np.full((2, 3), 1 << 31)), "below 2.31"),
    (lambda: dag.table_rewards(np.zeros((2, 3), np.float64)), "ids must be int32 or int64, got float64"),
    (lambda: dag.Groups(["q"], ["c"], ["1"], right=[1]), "True, False and None"),
    (lambda: dag.Groups("q", ["c"], ["1"]), "got one str"),
    (lambda: dag.Groups(["q"], ["c"], None), "answers must be a sequence"),
    (lambda: dag.Groups(["q", "q"], ["c", "c"], ["1", "2"], gold=["1", "2"]), "two golds"),
    (lambda: dag.Groups(["q"], ["c"], ["1"]).rewards("own"), "own="),
    (lambda: dag.Groups(["q"], ["c"], ["1"]).rewards("gini", weight="2"), "weight is of the wrong type"),
    (lambda: dag.Groups(["q"], ["c"], ["1"]).rewards("gini", weight=math.nan), "weight"),
    (lambda: dag.Groups(["q"], ["c"], ["1"]).rewards("gini", out=np.zeros(1, np.float32)), "out must be float64"),
    (lambda: dag.Groups(["q"], ["c"], ["1"]).signals("moment_constraints"), "needs data by answer"),
    (lambda: dag.Groups(["q"], ["c"], ["1"]).signals("coherence", "nope"), "nope"),
    (lambda: dag.Groups.from_counts([("q", "c", {"1": -1})]), "whole number"),
    (lambda: dag.align("gini", [0.5, math.nan], beta=1.0), "finite"),
    (lambda: dag.table_rewards(np.zeros((2, 3), np.int32), out=(np.zeros((3, 2)).T, np.zeros((2, 3)))), "contiguous"),
    (lambda: dag.table_rewards([[1, 2]]), "must be an array"),
    (lambda: dag.policy_loss("dapo", [[0.0]], [1.0]), "must be an array"),
    (lambda: dag.Groups(["q"], ["c"], ["1"]).rewards(""), "not empty"),
    (lambda: dag.Groups(["q"], ["c"], ["1"]).require(-1, 2), "whole numbers"),
    (lambda: dag.Groups(["q"] * 2, ["c"] * 2, ["1", "2"]).rewards("gini").advantage("opo", lengths=[1]), "1 lengths for 2"),
    (lambda: dag.Groups.from_counts([("q", "c")]), "a row is"),
    (lambda: dag.equal(None, "1"), "must be a str"),
    (lambda: dag.solve(np.ones((2, 2), bool)), "must be numbers"),
    (lambda: dag.extract("one"), "list of str"),
    (lambda: dag.extract(["x"], "no_such_way"), "no_such_way"),
    (lambda: dag.solve("rps", tolerance=-1.0), "tolerance"),
    (lambda: dag.solve("rps", "no_such_solver"), "no_such_solver"),
    (lambda: dag.solve("kuhn_poker", start="1"), "game trees"),
    (lambda: dag.Groups(["q"], ["c"], [7]), "answer must be a str"),
    (lambda: dag.Groups(["q"], ["c"], ["\ud800"]), "answer must be a str"),
    (lambda: dag.Groups(["q"], ["c", "d"], ["1"]), "2 entries of context for 1 answers"),
    (lambda: dag.Groups(["q"], ["c"], ["1"]).rewards("nonsense"), "nonsense"),
    (lambda: dag.Groups(["q"], ["c"], ["1"]).rewards("gini", wieght=2), "wieght"),
    (lambda: dag.policy_loss("dr_grpo", np.zeros((2, 3), np.float32), np.zeros(2, np.float32)), "fixed_length"),
    (lambda: dag.policy_loss("nope", np.zeros((2, 3)), np.zeros(2)), "nope"),
    (lambda: dag.solve(np.zeros(3)), "two dimensions"),
    (lambda: dag.solve("no_such_game"), "no_such_game"),
    (lambda: dag.solve(np.array([[1.0, np.nan]])), "nan"),
    (lambda: dag.advantages(np.zeros(3), np.array([0, 2], np.int64)), "offsets"),
])
def test_broken_rules_are_errors_with_the_rule(bad, text):
    with pytest.raises(dag.Error, match=text):
        bad()


def test_solve_arrays_and_names():
    found = dag.solve(np.array([[3.0, -1.0], [-2.0, 1.0]]), tolerance=1e-12)
    assert found["status"] == "converged"
    assert abs(found["value"] - 1 / 7) < 1e-12
    assert dag.solve("rps")["status"] == "converged"
    battle = dag.solve([np.array([[2.0, 0], [0, 1]]), np.array([[1.0, 0], [0, 2]])], "support_enumeration")
    assert battle["equilibria_count"] == 3
    # A tilted game whose arrays must not be read transposed: the row player has one best row.
    tall = dag.solve(np.array([[1.0, 2.0], [5.0, 6.0], [0.0, 0.0]]))
    assert abs(tall["value"] - 5) < 1e-9


def test_solve_trees():
    found = dag.solve("kuhn_poker", tolerance=1e-9)
    assert found["status"] == "converged"
    assert abs(found["value"] + 1 / 18) < 1e-8  # H. W. Kuhn (1950)


def test_order_of_rows_changes_no_bit():
    rng = np.random.default_rng(7)
    rows_ = [(f"q{q}", f"c{c}", str(rng.integers(0, 5))) for q in range(4) for c in range(3) for _ in range(6)]
    want = dag.Groups(*map(list, zip(*rows_)))
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(rows_))
        g = dag.Groups(*map(list, zip(*[rows_[i] for i in order])))
        for utility in ("coherence", "coherence_geometric + 0.3*entropy", "pairwise_kl", "gini"):
            a, b = want.rewards(utility), g.rewards(utility)
            np.testing.assert_array_equal(b.reward, a.reward[order])
            np.testing.assert_array_equal(b.advantage(), a.advantage()[order])
        np.testing.assert_array_equal(g.signals("coherence"), want.signals("coherence")[order])


def test_terms_and_verdicts():
    question, context, answers = rows()
    g = dag.Groups(question, context, answers, right=[True, True, False, None] * 3)
    assert g.right.tolist() == [1, 1, 0, -1] * 3
    vote = g.rewards("majority").reward
    np.testing.assert_array_equal(vote[:4], [1, 1, 0, 0])
    np.testing.assert_allclose(vote[4:7], 1 / 3)  # three answers tie
    own = np.arange(12.0)
    both = g.rewards("own + 2*self_frequency", own=own).reward
    np.testing.assert_allclose(both[:4], own[:4] + 2 * np.array([0.5, 0.5, 0.25, 0.25]))


def test_frozen_consensus_of_other_groups():
    """log q(z) of the reference, less log nu(z): with the groups themselves as reference, coherence again."""
    question, context, answers = ["q"] * 6, ["a"] * 3 + ["b"] * 3, list("112122")
    g = dag.Groups(question, context, answers)
    own = g.rewards("frozen_arithmetic", smoothing=1e-12, reference=g).reward
    np.testing.assert_allclose(own, g.rewards("coherence").reward, atol=1e-9)
    other = dag.Groups(question, context, list("111112"))
    assert g.rewards("frozen_arithmetic", reference=other).reward[0] > own[0]
    with pytest.raises(dag.Error, match="reference"):
        g.rewards("frozen_arithmetic")


def test_counts_are_samples():
    a = dag.Groups.from_counts([("q", "x", {"1": 2, "2": 1, None: 1}), ("q", "y", {"1": 1, "3": 1})])
    b = dag.Groups(["q", "q"], ["x", "y"], [["1", "1", "2", None], ["1", "3"]])
    np.testing.assert_array_equal(a.rewards("coherence").reward, b.rewards("coherence").reward)
    with pytest.raises(dag.Error, match="q"):
        a.require(2, 4)


def test_signals_are_centred_and_unbiased():
    """Sums over each group of a policy over two answers: the mean signal-weighted score is the gradient of the
    utility (Gini's U-statistic has no bias), by enumeration of all groups of K samples."""
    p, k = 0.3, 4
    total = 0.0
    for bits in range(1 << k):
        sample = [(bits >> i) & 1 for i in range(k)]
        chance = math.prod(p if b else 1 - p for b in sample)
        signal = dag.Groups(["q"], ["c"], [[str(b) for b in sample]]).signals("gini")
        score = [1 / p if b else -1 / (1 - p) for b in sample]
        total += chance * float(np.mean(signal * np.array(score)))
    want = 2 - 4 * p  # d/dp (1 - p^2 - (1-p)^2)
    assert abs(total - want) < 1e-12 or abs(total - want / 2) < 1e-12
    assert dag.Groups(["q"], ["c"], [["1", None, "1"]]).signals("gini")[1] == 0
    right = dag.Groups(["q"], ["c"], [["1", "2", "2"]], gold=["1"]).signals("expected_reward")
    np.testing.assert_allclose(right, [1, -0.5, -0.5])


def test_every_name_of_the_registry_is_computed_or_refused():
    g = dag.Groups(["q"] * 6, ["a"] * 3 + ["b"] * 3, list("112121"), gold=["1"] * 6)
    computed, signalled = set(), set()
    for entry in dag.utilities():
        for name in [entry["name"], *entry["aliases"]]:
            try:
                assert g.rewards(name).reward.shape == (6,)
                computed.add(entry["name"])
            except dag.Error as error:
                assert "needs" in str(error)
            try:
                assert abs(g.signals(name).sum()) < 10
                signalled.add(entry["name"])
            except dag.Error as error:
                assert "needs" in str(error)
    assert len(computed) > 20
    assert {"coherence_arithmetic", "shannon_entropy", "gini", "expected_reward", "pairwise_kl"} <= computed & signalled


def test_tensors_are_seen_and_filled():
    torch = pytest.importorskip("torch")
    ids = torch.randint(0, 5, (6, 8), dtype=torch.int32, generator=torch.Generator().manual_seed(0))
    out = torch.empty(6, 8), torch.empty(6, 8)
    dag.table_rewards(ids, "digamma", out=out)
    np.testing.assert_array_equal(out[0].numpy(), dag.table_rewards(ids.numpy(), "digamma", dtype=np.float32).reward)
    with pytest.raises(dag.Error, match="detach"):
        dag.policy_loss("dapo", torch.zeros(2, 3, requires_grad=True), torch.zeros(2))
    with pytest.raises(dag.Error, match="contiguous"):
        dag.table_rewards(ids, out=(torch.empty(8, 6).T, torch.empty(6, 8)))


def test_threads_run_beside_the_computation():
    """The lock is released: another thread counts on while rewards are computed."""
    ids = np.random.default_rng(0).integers(0, 50, (20000, 64)).astype(np.int32)
    out = (np.empty(ids.shape, np.float32), np.empty(ids.shape, np.float32))
    done = threading.Event()

    def work():
        for _ in range(5):
            dag.table_rewards(ids, out=out)
        done.set()

    old = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    try:
        worker = threading.Thread(target=work)
        turns = 0
        worker.start()
        while not done.is_set():
            turns += 1
        worker.join()
    finally:
        sys.setswitchinterval(old)
    assert turns > 1000  # with the lock held: one turn a call at most


def test_batches():
    draw = np.random.default_rng(5)
    payoffs = draw.uniform(-1, 1, (50, 4, 3))
    one, two = dag.solve_batch(payoffs, 1e-9), dag.solve_batch(payoffs, 1e-9, threads=2)
    assert one["converged"].all() and all((one[key] == two[key]).all() for key in one)
    for a, x, y, value, gap in zip(payoffs, one["row"], one["column"], one["value"], one["gap"]):
        assert (a @ y).max() - (x @ a).min() <= gap + 1e-15 and abs(x @ a @ y - value) < 1e-12
        assert value == pytest.approx(dag.solve(a)["value"], abs=1e-6)
    nu0 = draw.dirichlet(np.ones(6), 20)
    target, betas = nu0[:, ::-1], draw.uniform(0.1, 1, 20)
    for kind, fields in (("shannon_entropy", {}), ("gini", {}), ("expected_reward", {"reward": nu0}),
                         ("forward_kl", {"target": target})):
        all_of_them = dag.align_batch(kind, nu0, betas, weight=0.5, **fields)
        assert all_of_them["converged"].all()
        for g in range(20):
            alone = dag.align(kind, nu0[g], float(betas[g]), weight=0.5, **{k: v[g] for k, v in fields.items()})
            assert all_of_them["solution"][g] == pytest.approx(alone["solution"], abs=1e-9)
            assert all_of_them["value"][g] == pytest.approx(alone["value"], abs=1e-12)
    for wrong, says in ((lambda: dag.solve_batch(payoffs[0]), "3 dimensions"),
                        (lambda: dag.align_batch("mmd", nu0, 1.0), "kind must be"),
                        (lambda: dag.align_batch("forward_kl", nu0, 1.0), "the field target"),
                        (lambda: dag.align_batch("gini", nu0, 1.0, reward=nu0), "neither reward"),
                        (lambda: dag.align_batch("gini", 2 * nu0, 1.0), "sum to 1"),
                        (lambda: dag.align_batch("gini", nu0, -1.0), "beta must be > 0"),
                        (lambda: dag.solve_batch(payoffs, threads=0), "threads")):
        with pytest.raises(dag.Error, match=says):
            wrong()


def test_align():
    found = dag.align("shannon_entropy", np.array([0.7, 0.2, 0.1]), beta=0.5, weight=0.5)
    want = np.array([0.7, 0.2, 0.1]) ** 0.5
    np.testing.assert_allclose(np.ravel(found["solution"]), want / want.sum(), rtol=1e-12)


def test_extract_and_equal():
    assert dag.extract(["so \\boxed{\\frac{1}{2}}", "nothing"], "boxed")[1] is None
    assert dag.equal("\\frac{1}{2}", "0.5") and not dag.equal("1/2", "2")


def test_policy_loss_is_its_gradient():
    rng = np.random.default_rng(4)
    old = -rng.random((5, 7)) - 0.1
    x = old + 0.1 * rng.normal(size=old.shape)
    adv = rng.normal(size=5)
    grad, _ = dag.policy_loss("dapo", x, adv, old_log_prob=old)
    step = 1e-6
    for i, t in [(0, 0), (3, 5), (4, 6)]:
        up, down = x.copy(), x.copy()
        up[i, t] += step
        down[i, t] -= step
        slope = (dag.policy_loss("dapo", up, adv, old_log_prob=old)[1]["loss"]
                 - dag.policy_loss("dapo", down, adv, old_log_prob=old)[1]["loss"]) / (2 * step)
        assert abs(grad[i, t] - slope) < 1e-8
    group = np.array([7, 7, -1, 7, -1])  # any numbers: three rows and two
    by_group, numbers = dag.policy_loss("dapo", x, adv, old_log_prob=old, group=group, aggregation="group_mean_token_mean")
    np.testing.assert_allclose(by_group, grad * (5 / 2) / np.where(group == 7, 3, 2)[:, None], rtol=1e-12)
    assert numbers["chosen"] == 0
    assert dag.policy_loss("kl_cov", x, adv, old_log_prob=old, cov_ratio=0.2, cov_seed=3)[1]["chosen"] == 7
    with pytest.raises(dag.Error, match="TokenBatch::group"):
        dag.policy_loss("dapo", x, adv, aggregation="group_mean_token_mean")
    assert "dapo" in dag.policy_presets() and "trl-none" in dag.advantage_names()


class Softmax:
    """A policy over three answers in each of two phrasings, by its logits."""

    def __init__(self, logits):
        self.logits = np.array(logits, dtype=float)

    def probabilities(self):
        e = np.exp(self.logits - self.logits.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def sample(self, prompts, seed):
        p, rng = self.probabilities(), np.random.default_rng(seed)
        return [int(rng.choice(3, p=p[x])) for x in prompts]

    def log_prob(self, prompts, traces):
        return np.log(self.probabilities())[prompts, traces]

    def ascend(self, prompts, traces, weights, rate, clip_norm):
        gradient, p = np.zeros_like(self.logits), self.probabilities()
        for x, z, w in zip(prompts, traces, weights):
            gradient[x] -= w * p[x]
            gradient[x, z] += w
        norm = float(np.linalg.norm(gradient))
        self.logits += rate * gradient * min(1.0, clip_norm / max(norm, 1e-12))
        return norm


def test_training_finds_the_equilibrium():
    start = np.log([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]])
    model, anchor = Softmax(start), Softmax(start)
    want = np.array(dag.align("coherence", np.exp(start), beta=1.0, weight=0.5)["solution"])
    records = dag.train(model, [[0, 1]], lambda prompt, trace: "abc"[trace], "0.5*coherence", reference=anchor,
                        beta=1.0, steps=400, samples=64, learning_rate=0.3, seed=3)
    assert len(records) == 400 and records[-1]["step"] == 400
    assert np.abs(model.probabilities() - want).max() < 0.03
    again = Softmax(start)
    dag.train(again, [[0, 1]], lambda prompt, trace: "abc"[trace], "0.5*coherence", reference=anchor,
              beta=1.0, steps=400, samples=64, learning_rate=0.3, seed=3)
    np.testing.assert_array_equal(again.logits, model.logits)
    assert len(dag.train(again, [[0, 1]], lambda prompt, trace: None, steps=9, on_step=lambda r: r["step"] < 3)) == 3
    with pytest.raises(dag.Error, match="reference"):
        dag.train(model, [[0, 1]], str, beta=1.0)
    with pytest.raises(ZeroDivisionError):  # an error of the model's own is its own
        dag.train(model, [[0, 1]], lambda prompt, trace: 1 // 0)


@needs_program
def test_parity_with_the_program(tmp_path):
    groups = [("q1", "a", ["1", "1", "2", "0.5"]), ("q1", "b", ["1", "1/2", "2", None]), ("q2", "a", ["x", "x", "y"])]
    path = tmp_path / "rollouts.jsonl"
    path.write_text("".join(json.dumps({"question_id": q, "context_id": c, "prompt": None, "gold": None,
                                        "samples": [{"text": None, "answer": a} for a in answers]}) + "\n"
                            for q, c, answers in groups))
    mine = dag.Groups(*map(list, zip(*groups)))
    out = tmp_path / "out.jsonl"
    asked = [(u["name"], e) for u in dag.utilities() for e in u["estimators"]]
    asked += [("coherence+0.1*entropy", "aqp"), ("majority+0.5*gini", "plug-in"), ("self_frequency", "plug-in")]
    compared = 0
    for utility, estimator in asked[::3] + asked[-3:]:  # each costs a process
        said = subprocess.run([PROGRAM, "rewards", str(path), "--utility", utility, "--estimator", estimator,
                               "--out", str(out), "--quiet"], capture_output=True, text=True)
        if said.returncode:
            with pytest.raises(dag.Error) as error:
                mine.rewards(utility, estimator)
            assert str(error.value) in said.stderr
            continue
        samples = [s for line in out.read_text().splitlines() for s in json.loads(line)["samples"]]
        found = mine.rewards(utility, estimator)
        assert [None if np.isnan(r) else float(r) for r in found.reward] == [s["reward"] for s in samples]
        assert found.advantage().tolist() == [s["advantage"] for s in samples]
        compared += 1
    assert compared > 10
    said = json.loads(subprocess.run([PROGRAM, "solve", "rps", "--json", "-"], capture_output=True, text=True,
                                     check=True).stdout)
    own = dag.solve("rps")
    assert {**own, "seconds": 0} == {**said, "seconds": 0}
    problem = {"id": "python", "kind": "coherence", "nu0": [[0.6, 0.4], [0.2, 0.8]], "beta": 0.5, "weight": 1.0}
    (tmp_path / "p.jsonl").write_text(json.dumps(problem) + "\n")
    said = json.loads(subprocess.run([PROGRAM, "align", str(tmp_path / "p.jsonl"), "--json", "-"], capture_output=True,
                                     text=True, check=True).stdout)
    assert dag.align("coherence", np.array(problem["nu0"]), beta=0.5, weight=1.0) == said


def test_import_is_light():
    code = ("import sys, dag_games; dag_games.extract(['1']); "
            "print(sorted(m for m in sys.modules if m.split('.')[0] in ('numpy', 'torch', 'trl', 'verl')))")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_information_sees_a_collapse_that_agreement_does_not():
    spread = dag.Groups(["a", "a", "b", "b"], ["0", "1", "0", "1"], ["3", "3", "5", "5"])
    collapsed = dag.Groups(["a", "a", "b", "b"], ["0", "1", "0", "1"], ["0", "0", "0", "0"])
    assert spread.information == pytest.approx(np.log(2)) and collapsed.information == 0
    ids = np.array([[3, 3], [5, 5]], np.int32)  # two questions
    assert dag.Groups.from_ids(ids).information == pytest.approx(np.log(2))
    assert dag.Groups.from_ids(np.zeros((2, 2), np.int32)).information == 0
