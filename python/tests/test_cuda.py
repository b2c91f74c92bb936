# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag_games.cuda on the CPU (the kernels run serially) and, where PyTorch sees a GPU, on it. PyTorch where it is.

By itself (`python test_cuda.py`) it needs no pytest and prints JSON: a step of scripts/gpu.
"""
import inspect
import json
import math
import sys
import time
import unittest

try:
    import numpy as np

    import dag_games as dag
    from dag_games import cuda
except ImportError as missing:
    if __name__ != "__main__":
        raise
    sys.exit(print(f"skipped: {missing}") or 77)
try:
    import torch
except ImportError:
    torch = None

BOUNDS = {"float32": 1e-5, "float64": 1e-10}
GPU = torch is not None and torch.cuda.is_available() and cuda.available()


class Tensor:
    """What knows DLPack and nothing else."""

    def __init__(self, array, device=None):
        self.array, self.shape, self.dtype, self.device = array, array.shape, array.dtype, device

    def __dlpack__(self, **asked):
        return self.array.__dlpack__(**asked)

    def __dlpack_device__(self):
        return self.device or self.array.__dlpack_device__()


def makers():
    """Functions that put a NumPy array where a call may find it."""
    found = [np.ascontiguousarray]
    if torch is not None:
        found.append(torch.tensor)
    if GPU:
        found.append(lambda array: torch.tensor(array, device="cuda"))
    return found


def needs_torch():
    if torch is None:
        raise unittest.SkipTest("PyTorch is not here")


def devices():
    needs_torch()
    return ["cpu", "cuda"] if GPU else ["cpu"]


def host(array):
    return array.cpu().numpy() if hasattr(array, "cpu") else np.asarray(array)


def refused(words, call, *rest, **named):
    try:
        call(*rest, **named)
    except dag.Error as error:
        assert words in str(error), f"{error!s} does not say {words!r}"
        return
    raise AssertionError(f"nothing said {words!r}")


def sample_ids(groups, samples, seed=0):
    ids = np.random.default_rng(seed).integers(-1, 5, (groups, samples)).astype(np.int32)
    ids[0] = -1  # no answers at all
    ids[1] = 3   # one answer
    return ids


def softmax(x, targets):
    """(log_prob, entropy, log_normalizer) in float64."""
    x = x.astype(np.float64)
    top = x.max(-1, keepdims=True)
    z = top[..., 0] + np.log(np.exp(x - top).sum(-1))
    log_p = x - z[..., None]
    return np.take_along_axis(log_p, targets[..., None], -1)[..., 0], -(np.exp(log_p) * log_p).sum(-1), z


def tokens(seed=0, vocabulary=1003):
    rng = np.random.default_rng(seed)
    return (4 * rng.normal(size=(3, 5, vocabulary))).astype(np.float32), rng.integers(0, vocabulary, (3, 5)).astype(np.int32)


def test_table_rewards_are_those_of_the_cpu():
    for samples in (1, 2, 7, 16, 64):
        ids = sample_ids(37, samples, samples)
        for estimator, convention in (("aqp", "trl-none"), ("digamma", "trl-group"), ("plug-in", "rloo"),
                                      ("leave-one-out", "trl-batch"), ("aqp", "gpg")):
            for dtype, bound in BOUNDS.items():
                expected = dag.table_rewards(ids, estimator, advantage=convention, dtype="float64")
                for make in makers():
                    found = cuda.table_rewards(make(ids), estimator, advantage=convention, dtype=dtype)
                    for one, exact in zip(found[:2], expected[:2]):
                        one = host(one)
                        assert str(one.dtype) == dtype and one.shape == ids.shape
                        scale = np.maximum(1, np.nan_to_num(abs(exact), posinf=1))
                        assert (np.isnan(one) == np.isnan(exact)).all()
                        assert np.nan_to_num(abs(one - exact) / scale).max() <= bound, (samples, estimator, convention)
                    assert found.report == expected.report


def test_table_rewards_fill_what_is_given():
    ids = sample_ids(9, 8)
    expected = dag.table_rewards(ids, "aqp", dtype="float32")
    for make in makers():
        out = make(np.full(ids.shape, 7, np.float32)), make(np.full(ids.shape, 7, np.float32))
        found = cuda.table_rewards(make(ids), out=out)
        assert found.reward is out[0] and found.advantage is out[1]
        np.testing.assert_array_equal(host(out[0]), expected.reward)
        np.testing.assert_allclose(host(out[1]), expected.advantage, rtol=0, atol=1e-5)
    assert dag.cuda is cuda
    empty = cuda.table_rewards(np.empty((0, 4), np.int32))
    assert empty.reward.shape == (0, 4) and empty.report["groups"] == 0


def test_a_library_that_is_not_known_gets_memory_of_ours():
    ids = sample_ids(9, 8)
    found = cuda.table_rewards(Tensor(ids))
    assert found.reward.__dlpack_device__() == (1, 0) and found.reward.shape == ids.shape
    np.testing.assert_array_equal(np.from_dlpack(found.reward), dag.table_rewards(ids, dtype="float32").reward)
    if torch is not None:
        expected = dag.table_rewards(ids, dtype="float32").advantage
        np.testing.assert_allclose(torch.from_dlpack(found.advantage).numpy(), expected, rtol=0, atol=1e-5)
    refused("was taken", cuda.table_rewards, Tensor(ids), out=found[:2])


def test_token_log_probs_are_the_softmax():
    logits, targets = tokens()
    targets[1, 2] = -100  # masked
    for make in makers():
        for temperature in (1.0, 0.5):
            found = cuda.token_log_probs_forward(make(logits), make(targets), temperature, check=True)
            for one, exact in zip(found, softmax(logits / temperature, np.maximum(targets, 0))):
                exact[1, 2] = 0
                np.testing.assert_allclose(host(one), exact, rtol=0, atol=3e-5)
    out = cuda.TokenLogProbs(*(np.full(targets.shape, 7, np.float32) for _ in range(3)))
    found = cuda.token_log_probs_forward(logits, targets, out=out)
    assert all(one is given for one, given in zip(found, out)) and not (out.log_prob == 7).any()


def test_backward_is_the_derivative():
    logits, targets = tokens(vocabulary=31)
    rng = np.random.default_rng(1)
    of_log_prob, of_entropy = (rng.normal(size=targets.shape).astype(np.float32) for _ in range(2))
    forward = cuda.token_log_probs_forward(logits, targets)
    gradient = cuda.token_log_probs_backward(logits, targets, forward, of_log_prob, of_entropy,
                                             out=np.empty_like(logits))

    def loss(x):
        p, h, _ = softmax(x, targets)
        return (of_log_prob * p + of_entropy * h).sum(-1)

    exact = np.empty(logits.shape)
    for j in range(logits.shape[-1]):
        step = np.zeros(logits.shape[-1])
        step[j] = 1e-5
        for i in range(targets.shape[1]):
            one = np.zeros(logits.shape)
            one[:, i] = step
            exact[:, i, j] = (loss(logits + one) - loss(logits - one)) / 2e-5
    np.testing.assert_allclose(gradient, exact, rtol=0, atol=2e-5)
    same = logits.copy()
    assert cuda.token_log_probs_backward(same, targets, forward, of_log_prob, of_entropy, out=same) is same
    np.testing.assert_array_equal(same, gradient)


def test_autograd():
    for device in devices():
        for dtype, bound in ((torch.float32, 1e-5), (torch.bfloat16, 2e-2), (torch.float16, 2e-3)):
            logits, targets = tokens(2)
            x = torch.tensor(logits, device=device).to(dtype).requires_grad_()
            y = torch.tensor(targets, device=device).long()
            log_prob, entropy = cuda.token_log_probs(x, y, 0.7)
            (log_prob.exp().sum() - 0.3 * entropy.square().sum()).backward()
            exact = x.detach().double().requires_grad_()
            log_p = torch.log_softmax(exact / 0.7, -1)
            p, h = log_p.gather(-1, y[..., None])[..., 0], -(log_p.exp() * log_p).sum(-1)
            (p.exp().sum() - 0.3 * h.square().sum()).backward()
            assert log_prob.dtype == torch.float32 and x.grad.dtype == dtype
            assert (log_prob - p).abs().max() <= 3e-5 and (entropy - h).abs().max() <= 3e-5
            assert (x.grad.double() - exact.grad).abs().max() <= bound * (1 + exact.grad.abs().max())
            x.grad = None
            cuda.token_log_probs(x, y)[1].sum().backward()  # of one output alone
            assert torch.isfinite(x.grad).all() and x.grad.abs().max() > 0


def test_gradcheck():
    for device in devices():
        torch.manual_seed(3)
        x = torch.randn(2, 3, 6, device=device, requires_grad=True)  # float: steps and bounds are float's
        y = torch.randint(6, (2, 3), device=device)
        y[0, 1] = -1
        assert torch.autograd.gradcheck(lambda x: cuda.token_log_probs(x, y), (x,), eps=1e-2, atol=2e-3, rtol=1e-2,
                                        nondet_tol=0)


def test_tensors_with_gaps_and_whole_numbers_of_any_type():
    logits, targets = tokens(4)
    for device in devices():
        wide = torch.tensor(np.repeat(logits, 2, -1), device=device)[..., ::2].requires_grad_()
        y = torch.tensor(targets, device=device)
        expected = softmax(logits, targets)[0]
        for kind in (torch.int32, torch.int64, torch.int16):
            found = cuda.token_log_probs(wide, y.to(kind))[0]
            np.testing.assert_allclose(host(found.detach()), expected, rtol=0, atol=3e-5)
        found.sum().backward()
        assert wide.grad.shape == wide.shape
        beyond = y.long() + 2**32
        assert cuda.token_log_probs(wide.detach(), beyond)[0].isnan().all()


def test_a_stream_of_the_caller():
    needs_torch()
    if not GPU:
        raise unittest.SkipTest("no GPU here")
    logits, targets = tokens(5, 50021)
    expected = softmax(logits, targets)[0]
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        x, y = torch.tensor(logits, device="cuda", requires_grad=True), torch.tensor(targets, device="cuda")
        torch.cuda._sleep(50_000_000)
        late = x * 1.0
        found = cuda.token_log_probs(late, y)[0]
        found.sum().backward()
    side.synchronize()
    np.testing.assert_allclose(host(found.detach()), expected, rtol=0, atol=3e-5)
    assert torch.isfinite(x.grad).all()
    ids = torch.tensor(sample_ids(1000, 16), device="cuda")
    torch.cuda.synchronize()
    exact = host(cuda.table_rewards(ids).reward)
    for stream in (side, side.cuda_stream, 0):
        np.testing.assert_array_equal(host(cuda.table_rewards(ids, stream=stream).reward), exact)
    refused("stream must be", cuda.table_rewards, ids, stream="the first")


def test_what_is_refused_is_named():
    ids = sample_ids(6, 4)
    logits, targets = tokens()
    refused("ids must be a tensor", cuda.table_rewards, [[1, 2]])
    refused("ids: int64 where int32", cuda.table_rewards, ids.astype(np.int64))
    refused("two dimensions", cuda.table_rewards, ids[0])
    refused("ids: dimension 1 has stride 2", cuda.table_rewards, ids[:, ::2])
    refused("expected plug-in", cuda.table_rewards, ids, "nothing")
    refused("no convention", cuda.table_rewards, ids, advantage="nothing")
    refused("taken on the CPU", cuda.table_rewards, ids, advantage="nemo-rl")
    out = np.empty(ids.shape, np.float32), np.empty(ids.shape, np.float64)
    refused("the advantages' out: float64 where float32", cuda.table_rewards, ids, out=out)
    refused("ids' shape", cuda.table_rewards, ids, out=(out[0], out[0][:3]))
    fixed = out[0].copy()
    fixed.flags.writeable = False
    refused("the advantages' out", cuda.table_rewards, ids, out=(out[0], fixed))
    refused("float64 where float32, bfloat16 or float16", cuda.token_log_probs_forward, logits.astype(np.float64), targets)
    refused("targets: int64 where int32", cuda.token_log_probs_forward, logits, targets.astype(np.int64))
    refused("one target for each row", cuda.token_log_probs_forward, logits, targets[:2])
    refused("logits: dimension 2 has stride 2", cuda.token_log_probs_forward, logits[..., ::2], targets)
    refused("temperature must be > 0", cuda.token_log_probs_forward, logits, targets, 0)
    refused("not below the vocabulary 1003", cuda.token_log_probs_forward, logits, targets + 1003, check=True)
    if torch is not None:
        refused("whole numbers", cuda.token_log_probs, torch.tensor(logits), torch.tensor(targets).float())
    refused("targets is on CUDA device 3, but the first tensor", cuda.token_log_probs_forward, logits,
            Tensor(targets, (2, 3)))
    refused("ids is on a device of DLPack's type 8", cuda.table_rewards, Tensor(ids, (8, 0)))  # a Metal device
    if not cuda.available():
        refused("DAG_CUDA=ON", cuda.table_rewards, Tensor(ids, (2, 0)))
    if GPU:
        refused("targets is on the CPU", cuda.token_log_probs_forward, torch.tensor(logits, device="cuda"), targets)
        refused("out is on the CPU", cuda.table_rewards, torch.tensor(ids, device="cuda"), out=out[:1] * 2)


def test_what_is_no_distribution_is_nan_forward_and_backward():
    logits, targets = tokens()
    logits[0, 0, 5], logits[0, 1, 6], logits[1, 0] = math.nan, math.inf, -math.inf
    targets[2, 2] = 1003
    wrong = np.zeros(targets.shape, bool)
    wrong[[0, 0, 1, 2], [0, 1, 0, 2]] = True
    forward = cuda.token_log_probs_forward(logits, targets)
    ones = np.ones(targets.shape, np.float32)
    gradient = cuda.token_log_probs_backward(logits, targets, forward, ones, ones, out=np.empty_like(logits))
    for one in forward:
        np.testing.assert_array_equal(np.isnan(one), wrong)
    np.testing.assert_array_equal(np.isnan(gradient).all(-1), wrong)
    np.testing.assert_array_equal(np.isnan(gradient).any(-1), wrong)


def test_memory_that_runs_out_leaves_everything_usable():
    ids = sample_ids(6, 4)
    for make in makers():
        like = make(ids)
        call = cuda._Call(like, "ids", None)
        for extent in (2**45, 2**62):
            try:
                call.half.empty([extent], "float32", call.index, call.stream)
            except (dag.Error, MemoryError) as error:
                assert "memory" in str(error).lower() or isinstance(error, MemoryError)
            else:
                raise AssertionError("there is no such memory")
        found = cuda.table_rewards(like)
        np.testing.assert_array_equal(host(found.reward), dag.table_rewards(ids, dtype="float32").reward)


def test_errors_of_cuda_come_with_its_text():
    if not cuda.available():
        raise unittest.SkipTest("built without CUDA")
    from dag_games import _cuda
    refused("device: cuda", _cuda.wait, 4097, 0)  # no GPU has that number


def main():
    """Every test here, then, on a GPU, what the usual PyTorch code and ours take for the same tokens."""
    result = {"tensors_on": torch.cuda.get_device_name() if GPU else "the CPU", "torch": getattr(torch, "__version__", None),
              "tests": {}}
    for name, test in list(globals().items()):
        if name.startswith("test_") and inspect.isfunction(test):
            try:
                test()
                result["tests"][name] = "passed"
            except unittest.SkipTest as why:
                result["tests"][name] = f"skipped: {why}"
            except Exception as error:  # the others still run
                result["tests"][name] = f"FAILED: {type(error).__name__}: {error}"[:500]
    if GPU:
        x = torch.randn(4096, 131072, device="cuda", dtype=torch.bfloat16, requires_grad=True)
        y = torch.randint(131072, (4096,), device="cuda")
        usual = {"ours": lambda: cuda.token_log_probs(x, y)[0],
                 "log_softmax_gather": lambda: torch.log_softmax(x, -1).gather(-1, y[:, None])}
        for name, work in usual.items():
            times = []
            for _ in range(8):
                torch.cuda.synchronize()
                begin = time.perf_counter()
                work().sum().backward()
                torch.cuda.synchronize()
                times.append(1e3 * (time.perf_counter() - begin))
                x.grad = None
            result[f"{name}_forward_backward_ms"] = sorted(times)[len(times) // 2]
    print(json.dumps(result))
    return 1 if any(text.startswith("FAILED") for text in result["tests"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
