"""Shards and Parquet files as those who make them write them: golden/data/sources/, for crates/umbel/tests/umbel/golden/sources.rs.

    python3 -m venv .venv
    .venv/bin/pip install datasets==5.2.0 pyarrow==26.0.1 pillow==13.0.0 webdataset==1.0.2
    .venv/bin/python golden/sources_golden.py

Six pictures of two classes, drawn here. The Parquet files have what the hub's own have: an image of bytes and path, and a label whose
names lie in the features; one of them has a picture that is missing and a label that is none, too,
and two lack a column. The shards are of webdataset's
ShardWriter.
"""

import io
import pathlib
import sys
from importlib.metadata import version

import datasets
import webdataset
from PIL import Image

PINNED = {"datasets": "5.2.0", "pyarrow": "26.0.1", "pillow": "13.0.0", "webdataset": "1.0.2"}
for name, pinned in PINNED.items():
    if version(name) != pinned:
        sys.exit(f"{name} {version(name)} is here, and {pinned} is expected")

OUT = pathlib.Path(__file__).parent / "data" / "sources"
OUT.mkdir(parents=True, exist_ok=True)
CLASSES = ["cup", "leaf"]


def picture(number):
    image = Image.new("RGB", (8, 6), (40 * number, 200 - 30 * number, 90))
    image.putpixel((number, 2), (255, 255, 255))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def features(names=CLASSES):
    return datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=names)})


rows = [{"image": {"bytes": picture(k), "path": f"{k:02}.png"}, "label": k % 2} for k in range(6)]
datasets.Dataset.from_list(rows, features=features()).to_parquet(OUT / "photos.parquet")
odd = rows[:4] + [{"image": None, "label": 1}, {"image": {"bytes": picture(5), "path": None}, "label": None}, rows[0]]
datasets.Dataset.from_list(odd, features=features()).to_parquet(OUT / "odd.parquet")
texts = [{"image": row["image"], "label": CLASSES[row["label"]]} for row in rows]
named = datasets.Features({"image": datasets.Image(), "label": datasets.Value("string")})
datasets.Dataset.from_list(texts, features=named).to_parquet(OUT / "texts.parquet")

datasets.Dataset.from_list([{"label": row["label"]} for row in rows]).to_parquet(OUT / "labels.parquet")
datasets.Dataset.from_list([{"image": row["image"]} for row in rows], features=datasets.Features({"image": datasets.Image()})).to_parquet(
    OUT / "images.parquet"
)

with webdataset.ShardWriter(str(OUT / "shard-%03d.tar"), maxcount=4, mtime=0, verbose=0) as shards:
    for k in range(6):
        shards.write({"__key__": f"{k:02}", "png": picture(k), "cls": k % 2, "json": {"label": CLASSES[k % 2]}})
