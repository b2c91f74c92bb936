# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""What the usual PyTorch code for token log-probabilities takes: log_softmax, then gather.

Prints JSON with the median milliseconds of 25 runs, CUDA events, random bf16 logits of the size of
benchmark.cu (8192 x 131072), and the largest difference from a float64 computation of some rows.
"""
import json
import statistics
import sys

try:
    import torch
except ImportError:
    sys.exit(print("skipped: no PyTorch here") or 77)
if not torch.cuda.is_available():
    sys.exit(print("skipped: this PyTorch sees no device") or 77)

tokens, vocabulary, repeats = 8192, 131072, 25
torch.manual_seed(1)
logits = (16 * torch.rand(tokens, vocabulary, device="cuda", dtype=torch.float32) - 8).to(torch.bfloat16)
target = torch.randint(vocabulary, (tokens, 1), device="cuda")


def usual():
    return torch.log_softmax(logits, dim=-1).gather(-1, target)


def fused_float():
    return torch.nn.functional.cross_entropy(logits, target.squeeze(-1), reduction="none")


def median(work):
    times = []
    for run in range(repeats + 3):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        out = work()
        end.record()
        end.synchronize()
        if run >= 3:
            times.append(begin.elapsed_time(end))
        del out
    return statistics.median(times)


rows = torch.arange(0, tokens, tokens // 8, device="cuda")
exact = torch.log_softmax(logits[rows].double(), dim=-1).gather(-1, target[rows])
print(json.dumps({
    "torch": torch.__version__,
    "log_softmax_gather_ms": median(usual),
    "cross_entropy_ms": median(fused_float),
    "log_softmax_gather_error": float((usual()[rows].double() - exact).abs().max()),
}))
