#!/usr/bin/env python3
# requires: torch==2.15.0 numpy safetensors==0.8.0
"""Writes data/grouped.safetensors: what PyTorch computes with a small network of grouped convolutions and zero padding, in
the manner of ResNeXt's blocks, for umbel's to be held to (see README.md).

    pip install torch==2.15.0 numpy safetensors==0.8.0
    python golden/grouped_golden.py

Weights and pictures are made by a formula on both sides (Rust: tests/umbel/golden/formula.rs), so that only the outputs, the
loss and its gradients are stored, in Keras' layouts. Everything is computed in float64.
"""
from pathlib import Path

import numpy as np
import safetensors
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

assert (torch.__version__.split("+")[0], safetensors.__version__) == ("2.15.0", "0.8.0")
DATA = Path(__file__).resolve().parent / "data"
HEIGHT, WIDTH, PICTURES, CLASSES, FIRST_PICTURE = 9, 10, 4, 5, 1000
# Names and shapes in Keras' layouts, in umbel's order.
SHAPES = {
    "wide/kernel": (1, 1, 3, 16), "wide/bias": (16,),
    "grouped/kernel": (3, 3, 4, 24),
    "norm/gamma": (24,), "norm/beta": (24,), "norm/moving_mean": (24,), "norm/moving_variance": (24,),
    "narrow/kernel": (1, 1, 24, 16), "narrow/bias": (16,),
    "same/kernel": (5, 3, 2, 16), "same/bias": (16,),
    "head/kernel": (16, 5), "head/bias": (5,),
}


def random_bits(tensor, count):
    """SplitMix64, see keras_golden.py."""
    state = (np.uint64(tensor) << np.uint64(32)) + np.arange(1, count + 1, dtype=np.uint64)
    z = state * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def weight(tensor, name, shape):
    """formula::weight."""
    kind = name.split("/")[1]
    if kind == "kernel":
        scale, offset = (6 / (int(np.prod(shape[:-2])) * (shape[-2] + shape[-1]))) ** 0.5, 0.0
    else:
        scale, offset = {"bias": (0.05, 0.0), "gamma": (0.25, 1.0), "beta": (0.25, 0.0), "moving_mean": (0.25, 0.0),
                         "moving_variance": (0.5, 1.0)}[kind]
    unit = (random_bits(tensor, int(np.prod(shape))) >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)
    values = np.float32(scale) * (np.float32(2) * unit - np.float32(1)) + np.float32(offset)
    trained = not kind.startswith("moving_")
    return torch.tensor(values.reshape(shape), dtype=torch.float64, requires_grad=trained)


def network(w, pictures, training):
    def conv(x, name, **settings):
        bias = w.get(f"{name}/bias")
        return F.conv2d(x, w[f"{name}/kernel"].permute(3, 2, 0, 1), bias, **settings)

    x = pictures.permute(0, 3, 1, 2) / 127.5 - 1
    x = F.relu(conv(x, "wide"))
    x = conv(F.pad(x, (1, 2, 0, 1)), "grouped", stride=2, groups=4)
    moving = w["norm/moving_mean"].clone(), w["norm/moving_variance"].clone()
    x = F.relu(F.batch_norm(x, *moving, w["norm/gamma"], w["norm/beta"], training=training, eps=1e-3))
    x = conv(x, "narrow")
    x = F.relu6(conv(x, "same", padding=(2, 1), groups=8))
    return x.mean((2, 3)) @ w["head/kernel"] + w["head/bias"]


weights = {name: weight(i, name, shape) for i, (name, shape) in enumerate(SHAPES.items())}
values = HEIGHT * WIDTH * 3
pictures = torch.tensor(np.stack([
    (random_bits(FIRST_PICTURE + i, values) >> np.uint64(56)).astype(np.float64).reshape(HEIGHT, WIDTH, 3) for i in range(PICTURES)
]))
labels = torch.tensor([(i * 7 + 1) % CLASSES for i in range(PICTURES)])
file = {"logits": network(weights, pictures, False).detach().numpy()}
loss = F.cross_entropy(network(weights, pictures, True), labels)
loss.backward()
file["loss"] = np.array([loss.item()])
file |= {f"gradient/{name}": w.grad.numpy() for name, w in weights.items() if w.requires_grad}
save_file({name: np.ascontiguousarray(values) for name, values in file.items()}, DATA / "grouped.safetensors")
