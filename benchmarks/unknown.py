#!/usr/bin/env python3
"""How well `umbel predict --keep` tells pictures of other things, as a Markdown table.

    cargo build --release
    python benchmarks/unknown.py --data FLOWERS --out RUNS [--others FOLDER ...] [--train "--pretrained FILE --tune head"]

Each class of FLOWERS is left out in turn: a model learns the others, a quarter of their photos apart, and is asked about that quarter, about
the class that it does not know, about each folder of --others, and about drawn textures, text and noise (150 each, made under RUNS by numpy and
Pillow, the same in every run). For each kind: the area under the ROC curve of the scores (0.5 is chance), and the share that keeps a class where
95 % was asked for. A run that is there is not made again.
"""
import argparse, csv, json, pathlib, shlex, statistics, subprocess

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

HERE = pathlib.Path(__file__).resolve().parent
ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--umbel", default=HERE.parent / "target/release/umbel", type=pathlib.Path)
ap.add_argument("--data", type=pathlib.Path, required=True)
ap.add_argument("--out", type=pathlib.Path, required=True)
ap.add_argument("--others", type=pathlib.Path, nargs="*", default=[])
ap.add_argument("--train", default="", help="what else `umbel train` is told")
ap.add_argument("--draws", type=int, default=5, help="how many of the classes are left out, from the first")
a = ap.parse_args()
SIZE, PICTURES, KEEP = 224, 150, "0.95"


def color(random):
    return np.array([int(v) for v in random.integers(0, 256, 3)])


def texture(random, number):
    """Waves, clouds, cells, squares or noisy stripes, between two colors."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    kind = number % 5
    if kind == 0:
        wave = lambda: np.sin(2 * np.pi * (random.uniform(1, 30) * x + random.uniform(-30, 30) * y) + random.uniform(0, 6))
        value = sum(wave() for _ in range(4)) / 4
    elif kind == 1:
        noise = Image.fromarray((random.random((SIZE, SIZE)) * 255).astype("uint8"))
        value = np.asarray(noise.filter(ImageFilter.GaussianBlur(random.uniform(1, 12))), float)
        value = (value - value.mean()) / (value.std() + 1e-6)
    elif kind == 2:
        points = random.random((int(random.integers(8, 60)), 2))
        near = np.sort((x[..., None] - points[:, 0]) ** 2 + (y[..., None] - points[:, 1]) ** 2, -1)
        value = np.sqrt(near[..., 1]) - np.sqrt(near[..., 0])
        value = value / value.max() * 2 - 1
    elif kind == 3:
        squares = int(random.integers(4, 40))
        value = (np.floor(x * squares) + np.floor(y * squares)) % 2 * 2 - 1
    else:
        stripes = np.sign(np.sin(2 * np.pi * random.uniform(3, 40) * (x * np.cos(number) + y * np.sin(number))))
        value = stripes + 0.3 * random.normal(size=(SIZE, SIZE))
    share = np.clip(value * 0.5 + 0.5, 0, 1)[..., None]
    return Image.fromarray((color(random) * share + color(random) * (1 - share)).astype("uint8"))


def text(random, _):
    """Lines of letters."""
    picture = Image.new("RGB", (SIZE, SIZE), tuple(color(random)))
    draw, size, y = ImageDraw.Draw(picture), int(random.integers(12, 48)), 0
    while y < SIZE:
        letters = "".join(chr(int(code)) for code in random.integers(65, 123, 30))
        draw.text((int(random.integers(-20, 5)), y), letters, fill=tuple(color(random)), font=ImageFont.load_default(size=size))
        y += int(size * 1.2)
    return picture


def noise(random, _):
    """Colored blocks, from single pixels up."""
    block = int(random.choice([1, 2, 4, 8, 16]))
    blocks = random.integers(0, 256, (SIZE // block, SIZE // block, 3)).astype("uint8")
    return Image.fromarray(blocks.repeat(block, 0).repeat(block, 1))


def drawn(folder, draw):
    if not folder.is_dir():
        folder.mkdir(parents=True)
        random = np.random.default_rng(7)
        for number in range(PICTURES):
            draw(random, number).save(folder / f"{number:03}.png")
    return folder


def auroc(known, others):
    others = np.sort(others)
    ranks = np.searchsorted(others, known, "left") + np.searchsorted(others, known, "right")
    return float((ranks / 2).mean() / len(others))


def answers(run, paths):
    """Score and whether a class was kept, of each photo that can be read."""
    command = [a.umbel, "predict", run, *paths, "--keep", KEEP, "--json"]
    said = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    rows = [row for row in map(json.loads, said.splitlines()) if "score" in row]
    return np.array([row["score"] for row in rows]), float(np.mean([not row["unknown"] for row in rows]))


kinds = {"textures": drawn(a.out / "drawn/textures", texture), "text": drawn(a.out / "drawn/text", text),
         "noise": drawn(a.out / "drawn/noise", noise)}
kinds = {folder.name: folder for folder in a.others} | kinds
classes = sorted(folder.name for folder in a.data.iterdir() if folder.is_dir())
table = []
for seed, left_out in enumerate(classes[: a.draws]):
    photos, run = a.out / f"without-{left_out}", a.out / f"run-{left_out}"
    photos.mkdir(parents=True, exist_ok=True)
    for name in classes:
        if name != left_out and not (photos / name).exists():
            (photos / name).symlink_to((a.data / name).resolve())
    if not (run / "report.html").is_file():
        command = [a.umbel, "train", photos, "--test-split", "0.25", "--seed", seed, "--out", run, *shlex.split(a.train)]
        subprocess.run([str(word) for word in command], check=True)
    rows = csv.DictReader(open(run / "split.csv"))
    own, kept = answers(run, [photos / row["path"] for row in rows if row["part"] == "test"])
    figures = {"kept": kept}
    for kind, folder in {"left out": a.data / left_out, **kinds}.items():
        scores, passed = answers(run, [folder])
        figures[kind] = (auroc(own, scores), passed)
    table.append((left_out, figures))

names = ["left out", *kinds]
print("| class left out | kept | " + " | ".join(names) + " | mean |\n|---|---|" + "---|" * (len(names) + 1))
for left_out, figures in table:
    pairs = [figures[name] for name in names]
    mean = [statistics.mean(column) for column in zip(*pairs)]
    print(f"| {left_out} | {figures['kept']:.3f} | " + " | ".join(f"{score:.3f}, {passed:.2f}" for score, passed in [*pairs, mean]) + " |")
means = [[statistics.mean(column) for column in zip(*(figures[name] for _, figures in table))] for name in names]
means.append([statistics.mean(column) for column in zip(*means)])
kept = statistics.mean(figures["kept"] for _, figures in table)
print(f"| **mean** | {kept:.3f} | " + " | ".join(f"{score:.3f}, {passed:.2f}" for score, passed in means) + " |")
