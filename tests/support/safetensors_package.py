# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""What the PyPI package safetensors says of a file: exit code 0 where it reads it; with OUT it writes the same tensors.

    python3 safetensors_package.py [IN [OUT]]       without a file: 0 where the package is there
"""

import ctypes
import sys

import safetensors

NAMES = {"U8": "uint8", "BF16": "bfloat16", "F64": "float64", "F32": "float32"}

if len(sys.argv) > 1:
    with open(sys.argv[1], "rb") as file:
        tensors = safetensors.deserialize(file.read())
if len(sys.argv) > 2:
    spec = getattr(safetensors, "TensorSpec", None)  # since 0.8
    kept, out = [], {}
    for name, x in tensors:
        kept.append(ctypes.create_string_buffer(bytes(x["data"])))
        what = {"dtype": NAMES[x["dtype"]], "shape": x["shape"]}
        out[name] = (spec(data_ptr=ctypes.addressof(kept[-1]), data_len=len(x["data"]), **what) if spec else
                     {"data": bytes(x["data"]), **what})
    safetensors.serialize_file(out, sys.argv[2], {"by": "it"})
