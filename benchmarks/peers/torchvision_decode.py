#!/usr/bin/env python3
"""Decoding and resizing JPEG files to 180 x 180 in torchvision, one thread, the bytes in memory.

    pip install -r requirements-torch.txt
    python torchvision_decode.py --data FOLDER [--seconds 5]

Prints one JSON object in the form of `umbel bench decode`.
"""
import argparse, json, pathlib, time

import torch
from torchvision.io import ImageReadMode, decode_jpeg
from torchvision.transforms.v2 import functional as F

ap = argparse.ArgumentParser()
ap.add_argument("--data", required=True, type=pathlib.Path)
ap.add_argument("--seconds", type=float, default=5)
a = ap.parse_args()
torch.set_num_threads(1)
files = sorted(a.data.glob("*/*.jpg"))[::3]
encoded = [torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.uint8) for path in files]


def prepare(data):
    return F.resize(decode_jpeg(data, ImageReadMode.RGB), [180, 180], antialias=True)


for data in encoded[:50]:
    prepare(data)
count, start = 0, time.perf_counter()
while time.perf_counter() - start < a.seconds:
    prepare(encoded[count % len(encoded)])
    count += 1
print(json.dumps({
    "what": "decode", "engine": f"torch {torch.__version__}", "threads": 1, "images": len(encoded),
    "images_per_second": count / (time.perf_counter() - start),
}))
