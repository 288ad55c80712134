#!/usr/bin/env python3
"""Makes the files of one version: python3 make.py UMBEL VERSION, where UMBEL is that version's program.

Every version that changes a format gets a folder of its own here; those of before stay as they are, since later versions
must go on opening them (kept.rs does). Made on x86-64 with the portable instruction set, so that the numbers can be had again.

    photos/    drawn pictures, common to all versions: three classes, one file that is no picture
    vN/run/    a run of two epochs, with a test part; what is drawn of it (plots/, report.html) is left out
    vN/pack    its prepared photos, as they lie in the cache
    vN/resumed.csv   the history of the same run after one epoch more
"""

import os
import random
import shutil
import struct
import subprocess
import sys
import zlib

# config.toml names it; the tests put the folder in which they work in its place.
PLACE = "/tmp/umbel-kept"
HERE = os.path.dirname(os.path.abspath(__file__))
SIZE = 32

# Every kind of step that has weights or moments, and a convolution that goes through Winograd's tiles.
MODEL = """\
[[layer]]
kind = "random_flip"
mode = "horizontal"

[[layer]]
kind = "rescaling"
scale = 0.003921569

[[layer]]
kind = "conv2d"
filters = 8
kernel = 3
padding = "same"
activation = "relu"

[[layer]]
kind = "max_pool2d"

[[layer]]
kind = "conv2d"
filters = 16
kernel = 3
padding = "same"
bias = false

[[layer]]
kind = "batch_norm"

[[layer]]
kind = "activation"
activation = "relu"

[[layer]]
kind = "max_pool2d"

[[layer]]
kind = "depthwise_conv2d"
kernel = 3
padding = "same"

[[layer]]
kind = "conv2d"
filters = 16
kernel = 3
padding = "same"
activation = "relu"

[[layer]]
kind = "max_pool2d"

[[layer]]
kind = "dropout"
rate = 0.1

[[layer]]
kind = "flatten"

[[layer]]
kind = "dense"
units = 3
"""


def png(rows):
    """RGB rows as the bytes of a PNG."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = len(rows), len(rows[0]) // 3
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def picture(kind, number):
    """Dots, rings or stripes of two colors before patches; a few are hard to tell."""
    draw = random.Random(f"{kind} {number}")
    back, fore = ([draw.randrange(256) for _ in range(3)] for _ in range(2))
    patches = [[draw.randrange(-40, 41) for _ in range(8)] for _ in range(8)]
    phase, width = draw.randrange(8), draw.randrange(3, 6)
    rows = []
    for y in range(SIZE):
        row = []
        for x in range(SIZE):
            at = {
                "dots": (x + phase) % 8 < width and (y + phase) % 8 < width,
                "rings": int(((x - 16) ** 2 + (y - 16) ** 2) ** 0.5 + phase) % 8 < width,
                "stripes": (y + phase) % 8 < width,
            }[kind]
            change = patches[y // 4][x // 4]
            row += [max(0, min(255, value + change)) for value in (fore if at else back)]
        rows.append(row)
    return png(rows)


def draw_photos(folder):
    for kind in ("dots", "rings", "stripes"):
        os.makedirs(f"{folder}/{kind}")
        for number in range(10):
            with open(f"{folder}/{kind}/{number:02}.png", "wb") as file:
                file.write(picture(kind, number))
    with open(f"{folder}/rings/broken.png", "wb") as file:
        file.write(picture("rings", 99)[:200])


def main():
    umbel, version = os.path.abspath(sys.argv[1]), sys.argv[2]
    photos, out = f"{HERE}/photos", f"{HERE}/{version}"
    if not os.path.isdir(photos):
        draw_photos(photos)
    shutil.rmtree(PLACE, ignore_errors=True)
    os.mkdir(PLACE)
    shutil.copytree(photos, f"{PLACE}/photos")
    with open(f"{PLACE}/model.toml", "w") as file:
        file.write(MODEL)

    def train(*arguments):
        environment = os.environ | {"UMBEL_ISA": "scalar"}
        # 3: done, but a file could not be used.
        code = subprocess.run([umbel, "train", *arguments], cwd=PLACE, env=environment).returncode
        assert code in (0, 3), code

    train(
        "photos", "--model", "model.toml", "--image-size", "32", "--batch", "8", "--epochs", "2", "--test-split", "0.2",
        "--val-split", "0.3", "--precision", "f32", "--lr", "0.004", "--cache", "cache", "--out", "run",
    )
    shutil.copytree(f"{PLACE}/run", f"{out}/run", ignore=shutil.ignore_patterns(".lock", "plots", "report.html"))
    (pack,) = os.listdir(f"{PLACE}/cache")
    shutil.copy(f"{PLACE}/cache/{pack}", f"{out}/pack")
    train("--resume", "run", "--epochs", "3")
    shutil.copy(f"{PLACE}/run/history.csv", f"{out}/resumed.csv")
    shutil.rmtree(PLACE)


main()
