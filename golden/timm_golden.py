#!/usr/bin/env python3
# requires: torch==2.15.0 timm==1.0.31 numpy safetensors==0.8.0
"""Writes data/timm.safetensors and data/timm.json: what timm computes with its ready-made networks, for umbel's to be held
to (see README.md).

    pip install torch==2.15.0 timm==1.0.31 numpy safetensors==0.8.0
    python golden/timm_golden.py                       all; or some by name

Weights and pictures are made by a formula on both sides (Rust: tests/umbel/golden/formula.rs), so that only outputs and
samples of gradients are stored. Everything is computed in float64.
"""
import json
import sys
from pathlib import Path

import numpy as np
import safetensors
import timm
import torch
from safetensors.numpy import load_file, save_file

WANTED = {"torch": "2.15.0", "timm": "1.0.31", "safetensors": "0.8.0"}
FOUND = {m.__name__: m.__version__.split("+")[0] for m in (torch, timm, safetensors)}
assert FOUND == WANTED, f"these files are made with {WANTED}, not {FOUND}"

DATA = Path(__file__).resolve().parent / "data"
MODELS = ["resnet18", "resnet50", "mobilenetv3_small_100", "mobilenetv3_large_100"] + [
    f"tf_efficientnet_lite{size}" for size in range(5)
]
# An odd size, so that every stride meets odd and even pictures.
CLASSES, SIZE, PICTURES, SAMPLES = 10, 75, 6, 16
FIRST_PICTURE = 1000
# Which of the formula's weights (salt), and what their batch norms add (shift), for gradients and for outputs. A clamp turns
# a value within rounding of its corner into a gradient that is there or not, and a deep network of random weights that
# clamps half of its values is chaos, in which the last bit of a pixel decides over the first digit of a gradient. With a
# shift most values, but not all, lie on one side of the corner, at 0, or at 3 for hard swish; the salts are ones where
# float32 meets no corner. Outputs are best conditioned with a smaller shift.
# resnet50's is the one of 0 to 23 whose nearest value to a corner is the farthest: 2.7e-5 of its tensor's deviation (`corner`
# in what is printed), where it is 1.6e-6 with salt 0.
TRAINED = {name: (0, 2.5) for name in MODELS} | {"resnet50": (17, 2.5), "mobilenetv3_large_100": (3, 5.5)}
INFERRED = {name: (0, 2.5) for name in MODELS} | {"mobilenetv3_large_100": (14, 2.5)}


def random_bits(tensor, count):
    """SplitMix64's output for the states (tensor * 2^32 + index + 1) * 0x9E3779B97F4A7C15, see keras_golden.py."""
    state = (np.uint64(tensor) << np.uint64(32)) + np.arange(1, count + 1, dtype=np.uint64)
    z = state * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def number(name):
    """FNV-1a of the name, 31 bits: which tensor it is."""
    hashed = 0xCBF29CE484222325
    for byte in name.encode():
        hashed = (hashed ^ byte) * 0x100000001B3 % 2**64
    return hashed >> 33


def weight(name, shape, salt, shift):
    """He's limit for kernels; all else random too, so that no term is hidden behind a zero or a one."""
    unit = (random_bits(number(name) + salt, int(np.prod(shape))) >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)
    u = (np.float32(2) * unit - np.float32(1)).reshape(shape)
    if len(shape) > 1:
        return u * np.float32(np.sqrt(6.0 / np.prod(shape[1:])))
    kind = name.split(".")[-1]
    norm = "bn" in name or "downsample" in name
    bias = (0.25, shift) if norm else (0.1, 0.0)
    scale, offset = {"running_mean": (0.25, 0.0), "running_var": (0.5, 1.0), "bias": bias, "weight": (0.25, 1.0)}[kind]
    return np.float32(scale) * u + np.float32(offset)


def pictures(cfg):
    """Bytes, prepared as the network wants them."""
    count = SIZE * SIZE * 3
    bytes_ = [(random_bits(FIRST_PICTURE + n, count) >> np.uint64(56)).astype(np.float64) for n in range(PICTURES)]
    x = np.stack(bytes_).reshape(PICTURES, SIZE, SIZE, 3)
    # A color of its own for every picture: noise alone looks all the same to a network.
    for n in range(PICTURES):
        color = (random_bits(FIRST_PICTURE + 100 + n, 3) >> np.uint64(56)).astype(np.float64)
        x[n] = np.floor((x[n] + 3 * color) / 4)
    x = (x / 255 - np.array(cfg["mean"])) / np.array(cfg["std"])
    return torch.tensor(x.transpose(0, 3, 1, 2))


def run(name, out):
    full = timm.create_model(name, pretrained=False)
    model = timm.create_model(name, pretrained=False, num_classes=CLASSES)
    state = {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    labels = torch.tensor([(3 * n + 1) % CLASSES for n in range(PICTURES)])

    def load(which, dtype):
        model.load_state_dict({k: torch.tensor(weight(k, tuple(v.shape), *which[name])) for k, v in state.items()}, strict=False)
        return model.to(dtype)

    def gradients(dtype):
        load(TRAINED, dtype).train()
        model.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(pictures(full.default_cfg).to(dtype)), labels)
        loss.backward()
        return loss.item(), {k: p.grad.double().numpy().ravel() for k, p in model.named_parameters()}

    def corner():
        """How near to 0 the inputs of ReLU come, in standard deviations."""
        nearest, hooks = [float("inf")], []
        for relu in (m for m in model.modules() if isinstance(m, torch.nn.ReLU)):
            relu.inplace = False
            hooks.append(relu.register_forward_pre_hook(lambda _, x: nearest.append((x[0].abs().min() / x[0].std()).item())))
        gradients(torch.float64)
        for hook in hooks:
            hook.remove()
        return min(nearest)

    def logits(dtype):
        load(INFERRED, dtype).eval()
        with torch.no_grad():
            return model(pictures(full.default_cfg).to(dtype)).double().numpy().ravel()

    loss, truth = gradients(torch.float64)
    noise = {k: 0.0 for k in truth}
    # Two ways to round.
    for fast in (True, False):
        with torch.backends.mkldnn.flags(enabled=fast):
            _, single = gradients(torch.float32)
        noise = {k: max(noise[k], np.abs(single[k] - g).max()) for k, g in truth.items()}
    top = max(np.abs(g).max() for g in truth.values())
    worst = max(noise[k] / max(np.abs(g).max(), 1e-3 * top) for k, g in truth.items())
    exact = logits(torch.float64)
    off = np.abs(logits(torch.float32) - exact).max() / np.abs(exact).max()
    print(name, "loss", loss, "float32 is off by: gradients", worst, "logits", off, "corner", corner(), flush=True)
    out[f"{name}/logits"] = exact
    out[f"{name}/loss"] = np.array([loss])
    for k, g in truth.items():
        at = (random_bits(number(k) + 1, SAMPLES) % np.uint64(g.size)).astype(np.int64)
        out[f"{name}/gradient/{k}"] = np.concatenate([g[at], [np.abs(g).max(), noise[k]]])
    return {
        "trained": TRAINED[name],
        "inferred": INFERRED[name],
        "parameters": sum(p.numel() for p in full.parameters()),
        "tensors": [[k, list(v.shape)] for k, v in state.items()],
    }


def main():
    torch.manual_seed(0)
    out = {}
    about = {}
    wanted = sys.argv[1:] or MODELS
    if wanted != MODELS:
        # The others stay as they are.
        out = {k: v for k, v in load_file(DATA / "timm.safetensors").items() if k.split("/")[0] not in wanted}
        about = json.loads((DATA / "timm.json").read_text())
    about |= {name: run(name, out) for name in wanted}
    save_file({k: np.ascontiguousarray(v, np.float32) for k, v in sorted(out.items())}, DATA / "timm.safetensors")
    (DATA / "timm.safetensors").chmod(0o644)
    (DATA / "timm.json").write_text(json.dumps(about, separators=(",", ":")) + "\n")
    for file in ("timm.safetensors", "timm.json"):
        print(file, (DATA / file).stat().st_size, "bytes")


main()
