# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Tensors on the GPU, read and written where they lie: PyTorch's, CuPy's, JAX's, anything with DLPack.

    from dag_games import cuda
    r = cuda.table_rewards(ids, "aqp")                          # ids: int32, groups x samples, on the device
    log_prob, entropy = cuda.token_log_probs(logits, targets)   # PyTorch: differentiable in the logits

Built where nvcc is: `pip install ./python --config-settings=cmake.define.DAG_CUDA=ON`. Tensors of the CPU work everywhere, by the same
kernels run serially. Work is queued on `stream`: a torch or CuPy stream, a cudaStream_t as a number, or what has
`__cuda_stream__`; default: PyTorch's current stream of the tensor's device, the default stream for other libraries'.
Broken rules are `dag_games.Error` with the tensor's name, CUDA's errors with CUDA's text; nothing is lost after one.
"""
from __future__ import annotations

import contextlib
import functools
import importlib
import sys
from typing import Any, NamedTuple, Sequence

from . import Error, TableRewards, _core

__all__ = ["TokenLogProbs", "available", "table_rewards", "token_log_probs", "token_log_probs_backward",
           "token_log_probs_forward"]

_CPU, _CUDA, _CUDA_MANAGED = 1, 2, 13  # DLPack's numbers of kinds of devices


class TokenLogProbs(NamedTuple):
    """float32, one a token, in nats: of the target, of the whole distribution, and log sum exp (logits / temperature)."""
    log_prob: Any
    entropy: Any
    log_normalizer: Any


def available() -> bool:
    """Whether this installation has the half for GPUs. Tensors of the CPU need none."""
    try:
        importlib.import_module("dag_games._cuda")
    except ImportError:
        return False
    return True


class _Call:
    """The device of a call, which is its first tensor's; the stream; the compiled half that works there."""

    def __init__(self, first: Any, name: str, stream: Any):
        self.like = first
        self.on_cpu, self.index = _place(first, name)
        if self.on_cpu:
            self.half, self.stream = importlib.import_module("dag_games._host"), 0
            return
        try:
            self.half = importlib.import_module("dag_games._cuda")
        except ImportError as missing:
            raise Error(f"{name} is on a GPU, and this dag_games was built without CUDA ({missing}); where nvcc is: "
                        "pip install ./python --config-settings=cmake.define.DAG_CUDA=ON") from None
        if stream is None and _library(first) == "torch":
            stream = sys.modules["torch"].cuda.current_stream(self.index)
        self.stream = _handle(stream)

    def capsule(self, tensor: Any, name: str) -> Any:
        """The tensor as DLPack's capsule, its own work ordered before the call's stream."""
        place = _place(tensor, name)
        if place != (self.on_cpu, self.index):
            raise Error(f"{name} is on {_word(*place)}, but the first tensor of this call is on "
                        f"{_word(self.on_cpu, self.index)}")
        if isinstance(tensor, _Own):
            return tensor.mine()
        here: Any = contextlib.nullcontext()
        if _library(tensor) == "torch":
            tensor = tensor.detach()
            if not self.on_cpu:  # it takes the current device's stream for the tensor's
                here = sys.modules["torch"].cuda.device(self.index)
        try:  # DLPack calls the default stream 1; 0 is ambiguous there
            with here:
                return tensor.__dlpack__(stream=None if self.on_cpu else self.stream or 1)
        except (BufferError, RuntimeError, TypeError, ValueError) as refused:
            raise Error(f"{name}: {refused}") from None

    def empty(self, shape: Sequence[int], dtype: str) -> Any:
        """Memory of the library that `like` is of, so that it is freed and counted there; else our own."""
        library = _library(self.like)
        if library == "torch":
            torch = sys.modules["torch"]
            return torch.empty(tuple(shape), dtype=getattr(torch, dtype), device=self.like.device)
        if library == "numpy":
            return sys.modules["numpy"].empty(tuple(shape), dtype)
        return _Own(self, shape, dtype)

    def give(self, tensor: Any) -> Any:
        """What the caller gets: our own memory as a tensor of the library of `like`, if that takes tensors in."""
        if not isinstance(tensor, _Own):
            return tensor
        names = getattr(self.like, "__array_namespace__", lambda: sys.modules[_library(self.like)])()
        return names.from_dlpack(tensor) if hasattr(names, "from_dlpack") else tensor


class _Own:
    """Device memory of dag_games, for one taker by DLPack."""

    def __init__(self, call: _Call, shape: Sequence[int], dtype: str):
        self._call = call
        self._capsule = call.half.empty([int(extent) for extent in shape], dtype, call.index, call.stream)
        self.shape, self.dtype = tuple(shape), dtype

    def __dlpack_device__(self) -> tuple[int, int]:
        return (_CPU if self._call.on_cpu else _CUDA), self._call.index

    def mine(self) -> Any:
        return self._capsule

    def __dlpack__(self, **_: Any) -> Any:
        self._call.half.wait(self._call.index, self._call.stream)  # any stream may read
        return self._capsule


def _place(tensor: Any, name: str) -> tuple[bool, int]:
    """(is it the CPU, the number of the device)."""
    if not hasattr(tensor, "__dlpack__") or not hasattr(tensor, "__dlpack_device__"):
        raise Error(f"{name} must be a tensor (with DLPack), got {type(tensor).__name__}")
    kind, index = (int(word) for word in tensor.__dlpack_device__())
    if kind not in (_CPU, _CUDA, _CUDA_MANAGED):
        raise Error(f"{name} is on a device of DLPack's type {kind}; the CPU (1) and CUDA (2, 13) are known")
    return kind == _CPU, 0 if kind == _CPU else index


def _word(on_cpu: bool, index: int) -> str:
    return "the CPU" if on_cpu else f"CUDA device {index}"


def _library(tensor: Any) -> str:
    return type(tensor).__module__.partition(".")[0]


def _handle(stream: Any) -> int:
    """A cudaStream_t as a number."""
    if stream is None:
        return 0
    for name in ("cuda_stream", "ptr"):  # torch's, CuPy's
        stream = getattr(stream, name, stream)
    if hasattr(stream, "__cuda_stream__"):
        stream = stream.__cuda_stream__()[1]
    try:
        return int(stream)
    except (TypeError, ValueError):
        raise Error(f"stream must be a CUDA stream or its number, got {type(stream).__name__}") from None


@functools.lru_cache(maxsize=64)
def _tables(estimator: str, scale: float, samples: int) -> list[float]:
    """Reward tables of 1, ..., samples answered samples, one after the other."""
    flat = [0.0] if samples > 0 else []
    for size in range(2, samples + 1):
        flat += [scale * entry for entry in _core.reward_table(size, estimator)["table"].tolist()]
    return flat


def table_rewards(ids: Any, estimator: str = "aqp", scale: float = -1.0, advantage: str = "trl-none",
                  dtype: str = "float32", out: tuple[Any, Any] | None = None, stream: Any = None) -> TableRewards:
    """`dag_games.table_rewards` where the ids lie: rewards scale * (estimate of log nu(z)) and advantages, one pass.

    ids: int32, groups x samples, contiguous; negative: missing (reward NaN, advantage 0). out: (rewards, advantages),
    both float32 or both float64, of ids' shape, contiguous, on ids' device, filled in place; without it they are made,
    of dtype. Waits for the report. advantage: any of `advantage_names()` that takes no lengths, but target and nemo_rl."""
    call = _Call(ids, "table_rewards: ids", stream)
    shape = tuple(ids.shape)
    if len(shape) != 2:
        raise Error(f"table_rewards: ids must have two dimensions (groups x samples), got {len(shape)}")
    out = tuple(call.empty(shape, dtype) for _ in range(2)) if out is None else tuple(out)
    if len(out) != 2 or any(tuple(one.shape) != shape for one in out):
        raise Error(f"table_rewards: out must be (rewards, advantages), both of ids' shape {shape}, got "
                    f"{[tuple(one.shape) for one in out]}")
    run = call.half.table_rewards64 if str(out[0].dtype).endswith("float64") else call.half.table_rewards32
    capsules = [call.capsule(one, f"table_rewards: the {name}' out")
                for one, name in zip(out, ("rewards", "advantages"))]
    report = run(call.capsule(ids, "table_rewards: ids"), _tables(estimator, float(scale), shape[1]), advantage,
                 *capsules, call.index, call.stream)
    return TableRewards(call.give(out[0]), call.give(out[1]), report)


def token_log_probs_forward(logits: Any, targets: Any, temperature: float = 1.0, *, out: TokenLogProbs | None = None,
                            check: bool = False, stream: Any = None) -> TokenLogProbs:
    """log softmax(logits / temperature) at the targets, the entropies and the normalisers, from one read of the logits.

    logits: float32, bfloat16 or float16, [..., vocabulary]; targets: int32, [...], negative: masked (all three 0); both
    contiguous. Sums in float32. NaN, +inf, rows of -inf and targets beyond the vocabulary give NaN; with check=True
    they are an Error, for which the call waits. Otherwise it waits for nothing."""
    call = _Call(logits, "token_log_probs: logits", stream)
    shape = tuple(logits.shape)[:-1]
    if tuple(targets.shape) != shape:
        raise Error(f"token_log_probs: targets of shape {tuple(targets.shape)} for logits of shape "
                    f"{tuple(logits.shape)}; one target for each row is needed")
    out = TokenLogProbs(*(call.empty(shape, "float32") for _ in range(3))) if out is None else TokenLogProbs(*out)
    p, h, z = (call.capsule(one, f"token_log_probs: {name}") for one, name in zip(out, TokenLogProbs._fields))
    call.half.token_log_probs(call.capsule(logits, "token_log_probs: logits"),
                              call.capsule(targets, "token_log_probs: targets"), p, h, z, temperature, check,
                              call.index, call.stream)
    return TokenLogProbs(*(call.give(one) for one in out))


def token_log_probs_backward(logits: Any, targets: Any, forward: TokenLogProbs, log_prob_gradient: Any,
                             entropy_gradient: Any, temperature: float = 1.0, *, out: Any,
                             stream: Any = None) -> Any:
    """The gradient in the logits of a loss with these derivatives (float32, one a token) in log_prob and entropy, written
    to `out`, which has the logits' shape and type and may be the logits themselves. forward: the forward pass's result."""
    call = _Call(logits, "token_log_probs: logits", stream)
    given = {"logits": logits, "targets": targets, "entropy": forward.entropy, "log_normalizer": forward.log_normalizer,
             "log_prob's gradient": log_prob_gradient, "entropy's gradient": entropy_gradient, "the gradient's out": out}
    call.half.token_log_probs_backward(*(call.capsule(one, f"token_log_probs: {name}") for name, one in given.items()),
                                       temperature, call.index, call.stream)
    return out


@functools.lru_cache(maxsize=None)
def _autograd() -> Any:
    import torch

    class TokenLogProb(torch.autograd.Function):
        @staticmethod
        def forward(ctx, logits, targets, temperature, check, stream):  # noqa: ANN001, ANN205
            rows = logits.detach().contiguous()
            # Numbers that 32 bits do not hold stay beyond the vocabulary, or negative.
            ids = targets.detach().clamp(-1, rows.shape[-1]).to(torch.int32).contiguous()
            found = token_log_probs_forward(rows, ids, temperature, check=check, stream=stream)
            ctx.save_for_backward(rows, ids, *found)
            ctx.rest = temperature, stream
            return found.log_prob, found.entropy

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, of_log_prob, of_entropy):  # noqa: ANN001, ANN205
            rows, ids, *found = ctx.saved_tensors
            temperature, stream = ctx.rest
            gradient = token_log_probs_backward(
                rows, ids, TokenLogProbs(*found), of_log_prob.float().contiguous(), of_entropy.float().contiguous(),
                temperature, out=torch.empty_like(rows), stream=stream)
            return gradient, None, None, None, None

    return TokenLogProb


def token_log_probs(logits: Any, targets: Any, temperature: float = 1.0, *, check: bool = False,
                    stream: Any = None) -> tuple[Any, Any]:
    """(log_prob, entropy) of every token, as `token_log_probs_forward`. With PyTorch's tensors a function of its autograd:
    targets of any whole type, tensors with gaps are made contiguous, backward is one read of the logits and one write
    of their gradient, in the logits' type; no second derivative."""
    if _library(logits) != "torch":
        return token_log_probs_forward(logits, targets, temperature, check=check, stream=stream)[:2]
    if _library(targets) != "torch" or targets.is_floating_point() or targets.is_complex():
        raise Error("token_log_probs: targets must be a torch tensor of whole numbers, got "
                    f"{getattr(targets, 'dtype', type(targets).__name__)}")
    return _autograd().apply(logits, targets, temperature, check, stream)
