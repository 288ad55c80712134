#!/usr/bin/env python3
# requires: torch==2.15.0 efficientnet-lite-pytorch==0.1.0 numpy pillow safetensors==0.8.0
"""Writes data/lite0.safetensors: the logits of EfficientNet-Lite0 with its ImageNet weights, by the code that these weights
come from, for pictures of a formula and for photos of flowers (see README.md).

    python golden/lite0_golden.py WEIGHTS.safetensors FLOWERS_FOLDER
"""
import sys
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from safetensors.numpy import save_file
from safetensors.torch import load_file

DATA = Path(__file__).resolve().parent / "data"
SIZE, FIRST_PICTURE = 224, 1000
CLASSES = ("daisy", "sunflowers", "tulips")


def random_bits(tensor, count):
    """SplitMix64, see keras_golden.py."""
    state = (np.uint64(tensor) << np.uint64(32)) + np.arange(1, count + 1, dtype=np.uint64)
    z = state * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def drawn(number):
    """The first pictures of timm_golden.py, larger."""
    noise = (random_bits(FIRST_PICTURE + number, SIZE * SIZE * 3) >> np.uint64(56)).astype(np.float64)
    color = (random_bits(FIRST_PICTURE + 100 + number, 3) >> np.uint64(56)).astype(np.float64)
    return np.floor((noise.reshape(SIZE, SIZE, 3) + 3 * color) / 4)


def photos(folder):
    """The first photo of a class that is large enough: its middle as it is, so that nothing is resized."""
    for name in CLASSES:
        for path in sorted((folder / name).iterdir()):
            photo = Image.open(path).convert("RGB")
            if min(photo.size) == SIZE:
                left, top = (photo.width - SIZE) // 2, (photo.height - SIZE) // 2
                yield f"{name}/{path.name}", np.asarray(photo.crop((left, top, left + SIZE, top + SIZE)), np.float64)
                break


def main():
    weights, flowers = Path(sys.argv[1]), Path(sys.argv[2])
    model = EfficientNet.from_name("efficientnet-lite0")
    print(model.load_state_dict(load_file(weights), strict=False))
    model.double().eval()
    out = {}
    named = [(f"drawn/{n}", drawn(n)) for n in range(2)] + [(f"photo/{name}", x) for name, x in photos(flowers)]
    for name, x in named:
        x = torch.tensor(((x - 127) / 128).transpose(2, 0, 1)[None])
        with torch.no_grad():
            out[name] = model(x).numpy().ravel().astype(np.float32)
        print(name, "class", int(out[name].argmax()), out[name].max())
    save_file(out, DATA / "lite0.safetensors")
    (DATA / "lite0.safetensors").chmod(0o644)


main()
