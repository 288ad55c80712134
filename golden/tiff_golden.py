#!/usr/bin/env python3
# requires: numpy==2.4.6 pillow==13.0.0 tifffile==2026.3.3 imagecodecs==2026.3.6 safetensors==0.8.0
"""Writes data/tiff.safetensors: small TIFFs of every kind that umbel reads by itself, and the pixels that they stand for.

    pip install numpy==2.4.6 pillow==13.0.0 tifffile==2026.3.3 imagecodecs==2026.3.6 safetensors==0.8.0
    python golden/tiff_golden.py

Each file is written here, tag by tag, from numbers that are known, so that the pixels follow from TIFF 6.0. What Pillow (which is
libtiff) and tifffile read of a file is compared with these numbers wherever they open it, and the script stops where they differ.
`<kind>[@depth]/file` are the bytes, `<kind>[@depth]/pixels` the picture: height x width x 3.
"""
import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import PIL
import safetensors
import tifffile
from PIL import Image
from safetensors.numpy import save_file

versions = (np.__version__, PIL.__version__, tifffile.__version__, safetensors.__version__)
assert versions == ("2.4.6", "13.0.0", "2026.3.3", "0.8.0"), versions
warnings.simplefilter("ignore")

HEIGHT, WIDTH = 9, 21
CHECKED = {"Pillow": 0, "tifffile": 0}
tensors = {}


def picture(samples, low=0.0, high=1.0):
    """Shares of white: slopes, with some noise on them that reaches both ends."""
    random = np.random.default_rng(samples)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    slopes = [x / (WIDTH - 1), y / (HEIGHT - 1), 1 - x / (WIDTH - 1), (x + y) / (WIDTH + HEIGHT - 2)][:samples]
    shares = np.stack(slopes, -1) * 0.8 + random.random((HEIGHT, WIDTH, samples)) * 0.2
    shares = (shares - shares.min()) / (shares.max() - shares.min())
    return low + shares * (high - low)


def levels(shares):
    return np.floor(np.clip(shares, 0, 1) * 255 + 0.5).astype(np.uint8)


def grey(shares):
    return np.repeat(levels(shares[..., :1]), 3, -1)


def over_white(color, alpha, associated):
    color, alpha = color.astype(int), alpha.astype(int)
    if associated:
        return np.minimum(color + 255 - alpha, 255).astype(np.uint8)
    return ((color * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def packed_bits(rows, bits):
    """Rows of numbers of so many bits, the highest bit first, each row from a whole byte on."""
    shifts = np.arange(bits - 1, -1, -1)
    ones = (rows[..., None] >> shifts & 1).astype(np.uint8).reshape(len(rows), -1)
    return np.packbits(ones, axis=1).tobytes()


def packbits(data):
    """Apple's PackBits, literal runs alone."""
    return b"".join(bytes([len(data[at:at + 128]) - 1]) + data[at:at + 128] for at in range(0, len(data), 128))


def differences(piece, samples):
    rows = piece.reshape(len(piece), -1, samples)
    return np.concatenate([rows[:, :1], np.diff(rows, axis=1)], 1).astype(piece.dtype)


def float_differences(piece, samples):
    """Adobe's predictor 3: the bytes of a row, all highest ones first, as differences."""
    rows = piece.astype(piece.dtype.newbyteorder(">")).reshape(len(piece), -1)
    width = rows.dtype.itemsize
    planes = np.frombuffer(rows.tobytes(), np.uint8).reshape(len(rows), -1, width).transpose(0, 2, 1).reshape(len(rows), -1)
    planes = planes.reshape(len(rows), -1, samples)
    return np.concatenate([planes[:, :1], np.diff(planes, axis=1)], 1).astype(np.uint8).tobytes()


def write(pieces, photometric, bits, samples=1, order="<", big=False, tile=None, rows=HEIGHT, extra=(), size=(WIDTH, HEIGHT)):
    """A file of these pieces. `extra`: (tag, type, values)."""
    count = "Q" if big else "I"
    tags = [(256, 4, [size[0]]), (257, 4, [size[1]]), (258, 3, [bits] * samples), (262, 3, [photometric]), (277, 3, [samples])]
    if tile:
        tags += [(322, 4, [tile[0]]), (323, 4, [tile[1]])]
    else:
        tags += [(278, 4, [rows])]
    tags += [tag for tag in extra]
    header = struct.pack(order + "2sH", b"II" if order == "<" else b"MM", 43 if big else 42)
    header += struct.pack(order + ("HHQ" if big else "I"), *((8, 0, 16) if big else (8,)))
    offsets, counts = (324, 325) if tile else (273, 279)
    kinds = {1: "B", 3: "H", 4: "I", 5: "II", 16: "Q"}
    tags += [(offsets, 16 if big else 4, [0] * len(pieces)), (counts, 4, [len(piece) for piece in pieces])]
    tags.sort()
    entries = len(tags)
    slot = 8 if big else 4
    start = len(header) + (8 if big else 2) + entries * (20 if big else 12) + slot
    sizes = [struct.calcsize("=" + kinds[kind]) * (len(values) // (2 if kind == 5 else 1)) for _, kind, values in tags]
    behind = start + sum(length + length % 2 for length in sizes if length > slot)
    places, at = [], behind
    for piece in pieces:
        places.append(at)
        at += len(piece) + len(piece) % 2
    directory = struct.pack(order + ("Q" if big else "H"), entries)
    values_at, tail = start, b""
    for (tag, kind, values), length in zip(tags, sizes):
        if tag == offsets:
            values = places
        elements = len(values) // (2 if kind == 5 else 1)
        data = struct.pack(order + kinds[kind] * elements, *values)
        directory += struct.pack(order + "HH" + count, tag, kind, elements)
        if length <= slot:
            directory += data.ljust(slot, b"\0")
        else:
            directory += struct.pack(order + count, values_at + len(tail))
            tail += data + b"\0" * (length % 2)
    directory += struct.pack(order + count, 0)
    return header + directory + tail + b"".join(piece + b"\0" * (len(piece) % 2) for piece in pieces)


def keep(kind, file, pixels, numbers=None, pillow=None):
    """`numbers`: what tifffile should read. `pillow`: what Pillow should, and how far it may be off; without it, the pixels."""
    if numbers is not None:
        try:
            read = tifffile.imread(io.BytesIO(file))
        except (ValueError, NotImplementedError) as error:
            print(f"{kind}: tifffile says {error}")
        else:
            np.testing.assert_array_equal(read.squeeze(), numbers.squeeze(), kind)
            CHECKED["tifffile"] += 1
    if pillow is not None:
        expected, mode, off = pillow
        try:
            read = np.asarray(Image.open(io.BytesIO(file)).convert(mode))
        except OSError as error:
            raise OSError(f"{kind}: Pillow says {error}") from error
        assert np.abs(read.astype(float) - expected).max() <= off, (kind, np.abs(read.astype(float) - expected).max())
        CHECKED["Pillow"] += 1
    tensors[f"{kind}/file"] = np.frombuffer(file, np.uint8)
    tensors[f"{kind}/pixels"] = np.ascontiguousarray(pixels)


def tiles(numbers, wide, high):
    padded = np.zeros((-(-HEIGHT // high) * high, -(-WIDTH // wide) * wide) + numbers.shape[2:], numbers.dtype)
    padded[:HEIGHT, :WIDTH] = numbers
    return [padded[y:y + high, x:x + wide] for y in range(0, len(padded), high) for x in range(0, padded.shape[1], wide)]


def strips(numbers, rows):
    return [numbers[y:y + rows] for y in range(0, HEIGHT, rows)]


def plain(array, order="<"):
    return array.astype(array.dtype.newbyteorder(order)).tobytes()


FORMAT = {"u": 1, "i": 2, "f": 3}


def numbers_of(shares, kind, white):
    if kind[0] == "f":
        return (shares * white).astype(kind)
    return np.floor(shares * white + 0.5).astype(kind)


def sample_format(kind, samples):
    return (339, 3, [FORMAT[kind[0]]] * samples)


# BigTIFF, in both orders of bytes, in strips and in tiles.
rgb8 = numbers_of(picture(3), "u1", 255)
for order, name in [("<", "ii"), (">", "mm")]:
    file = write([piece.tobytes() for piece in strips(rgb8, 5)], 2, 8, 3, order, True, rows=5)
    # Pillow does not know the other order.
    keep(f"bigtiff-rgb8-{name}", file, rgb8, rgb8, (rgb8, "RGB", 0) if order == "<" else None)
grey16 = numbers_of(picture(1), "u2", 65535)
file = write([plain(piece) for piece in tiles(grey16, 16, 16)], 1, 16, 1, big=True, tile=(16, 16))
keep("bigtiff-grey16-tiles", file, grey(grey16 / 65535), grey16)
float32 = numbers_of(picture(1), "f4", 1)
file = write([plain(float32)], 1, 32, 1, big=True, extra=[sample_format("f", 1)])
keep("bigtiff-grey-f32", file, grey(float32), float32)

# Floating point.
for kind, samples, order in [("f2", 1, "<"), ("f4", 1, "<"), ("f4", 1, ">"), ("f8", 1, ">"), ("f4", 3, "<"), ("f2", 3, ">"), ("f8", 3, "<")]:
    shares = numbers_of(picture(samples, -0.1 if samples == 1 else 0, 1.1 if samples == 1 else 1), kind, 1)
    bits = 8 * int(kind[1])
    file = write([plain(piece, order) for piece in strips(shares, 4)], 1 if samples == 1 else 2, bits, samples, order, rows=4, extra=[sample_format(kind, samples)])
    expected = grey(shares.astype(float)) if samples == 1 else levels(shares.astype(float))
    keep(f"{kind}-x{samples}-{'ii' if order == '<' else 'mm'}", file, expected, shares)
for order, name in [("<", "ii"), (">", "mm")]:
    shares = numbers_of(picture(3), "f4", 1)
    data = zlib.compress(float_differences(shares, 3))
    extra = [(259, 3, [8]), (317, 3, [3]), sample_format("f", 3)]
    keep(f"f4-x3-predictor3-{name}", write([data], 2, 32, 3, order, extra=extra), levels(shares), shares)
shares = numbers_of(picture(1), "f4", 1)
pieces = [zlib.compress(plain(differences(piece.view("<u4"), 1))) for piece in tiles(shares, 16, 16)]
file = write(pieces, 1, 32, 1, tile=(16, 16), extra=[(259, 3, [8]), (317, 3, [2]), sample_format("f", 1)])
keep("f4-x1-tiles-predictor2", file, grey(shares), shares)
file = write([plain(float32)], 1, 32, 1, extra=[sample_format("f", 1), (274, 3, [6])])
keep("f4-x1-turned", file, np.rot90(grey(float32), -1))
for depth, white in [("8", 255), ("10", 1023), ("12", 4095), ("16", 65535)]:
    shares = picture(3)
    high = numbers_of(shares, "f4", white)
    file = write([plain(high)], 2, 32, 3, extra=[sample_format("f", 3)])
    keep(f"f4-x3-high@{depth}", file, levels(high / white), high)
    whole = numbers_of(shares, "u2", white)
    keep(f"u2-x3@{depth}", write([plain(whole)], 2, 16, 3), levels(whole / white), whole)
    planes = [plain(piece) for plane in range(3) for piece in tiles(whole[..., plane], 16, 16)]
    file = write(planes, 2, 16, 3, tile=(16, 16), extra=[(284, 3, [2])])
    keep(f"u2-planes-tiles@{depth}", file, levels(whole / white))

# Numbers of other than whole bytes.
for bits in [2, 4, 10, 12, 14]:
    numbers = numbers_of(picture(1), "u2", 2**bits - 1)[..., 0]
    file = write([packed_bits(piece, bits) for piece in strips(numbers, 6)], 1, bits, 1, rows=6)
    expected = grey(numbers[..., None] / (2**bits - 1))
    pillow = (expected, "RGB", 0) if bits in (2, 4) else (numbers, "I", 0) if bits == 12 else None
    keep(f"grey{bits}", file, expected, numbers, pillow)
    white_is_zero = (2**bits - 1 - numbers)
    file = write([packbits(packed_bits(white_is_zero, bits))], 0, bits, 1, ">", extra=[(259, 3, [32773])])
    keep(f"grey{bits}-white-is-zero", file, expected, white_is_zero)
numbers = numbers_of(picture(3), "u2", 15)
keep("rgb4", write([packed_bits(numbers.reshape(HEIGHT, -1), 4)], 2, 4, 3), levels(numbers / 15), numbers)
numbers = numbers_of(picture(3), "u2", 4095)
keep("rgb12", write([packed_bits(numbers.reshape(HEIGHT, -1), 12)], 2, 12, 3), levels(numbers / 4095), numbers)

# Whole numbers of more bits, and signed ones: black is 0.
for kind, photometric in [("u4", 1), ("u8", 1), ("u4", 2)]:
    samples = 3 if photometric == 2 else 1
    white = 2.0 ** (8 * int(kind[1])) * (1 - 2**-20)
    numbers = (picture(samples) * white).astype(kind)
    file = write([plain(numbers, ">")], photometric, 8 * int(kind[1]), samples, ">")
    shares = numbers / (2.0 ** (8 * int(kind[1])) - 1)
    keep(f"{kind}-x{samples}", file, levels(shares) if samples == 3 else grey(shares), numbers)
for kind in ["i1", "i2", "i4", "i8"]:
    white = 2.0 ** (8 * int(kind[1]) - 1) - 1
    numbers = (picture(1, -0.2, 0.99) * white).astype(kind)
    file = write([plain(numbers)], 1, 8 * int(kind[1]), 1, extra=[sample_format("i", 1)])
    keep(f"{kind}-x1", file, grey(numbers / white), numbers)

# Palettes.
for bits, name in [(1, "II"), (2, "II"), (4, "MM"), (8, "II")]:
    random = np.random.default_rng(bits)
    table = random.integers(0, 256, (3, 2**bits))
    places = random.integers(0, 2**bits, (HEIGHT, WIDTH))
    order = "<" if name == "II" else ">"
    expected = table[:, places].transpose(1, 2, 0).astype(np.uint8)
    file = write([packed_bits(places, bits)], 3, bits, 1, order, extra=[(320, 3, (table * 257).reshape(-1).tolist())])
    keep(f"palette{bits}", file, expected, places, (expected, "RGB", 0))
file = write([packed_bits(places, 8)], 3, 8, 1, extra=[(320, 3, table.reshape(-1).tolist())])
keep("palette8-of-8-bits", file, expected, places)
buffer = io.BytesIO()
image = Image.fromarray(places.astype(np.uint8), "P")
image.putpalette(table.T.astype(np.uint8).tobytes())
image.save(buffer, "TIFF", compression="tiff_lzw")
keep("palette8-lzw-of-pillow", buffer.getvalue(), expected, None, (expected, "RGB", 0))

# YCbCr.
def ycbcr(shares):
    r, g, b = np.moveaxis(shares * 255, -1, 0)
    y = 0.299 * r + 0.587 * g + 0.114 * b
    return np.clip(np.round(np.stack([y, (b - y) / 1.772 + 128, (r - y) / 1.402 + 128], -1)), 0, 255)


def rgb_of(codes, reference=(0, 255, 128, 255, 128, 255)):
    y0, y1, b0, b1, r0, r1 = reference
    y = (codes[..., 0] - y0) * 255 / (y1 - y0)
    cb, cr = (codes[..., 1] - b0) * 127 / (b1 - b0), (codes[..., 2] - r0) * 127 / (r1 - r0)
    r, b = y + 1.402 * cr, y + 1.772 * cb
    g = (y - 0.299 * r - 0.114 * b) / 0.587
    return np.clip(np.floor(np.stack([r, g, b], -1) + 0.5), 0, 255).astype(np.uint8)


for across, down in [(1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (1, 2)]:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    smooth = np.stack([x / (WIDTH - 1), y / (HEIGHT - 1), 1 - x / (WIDTH - 1)], -1)
    codes = ycbcr(smooth)
    high, wide = -(-HEIGHT // down) * down, -(-WIDTH // across) * across
    padded = np.pad(codes, ((0, high - HEIGHT), (0, wide - WIDTH), (0, 0)), "edge")
    blocks = padded.reshape(high // down, down, wide // across, across, 3).transpose(0, 2, 1, 3, 4)
    differences_of = np.round(blocks[..., 1:].mean((2, 3)))
    data = np.concatenate([blocks[..., 0].reshape(*blocks.shape[:2], -1), differences_of], -1).astype(np.uint8)
    spread = np.repeat(np.repeat(differences_of, down, 0), across, 1)[:HEIGHT, :WIDTH]
    expected = rgb_of(np.concatenate([codes[..., :1], spread], -1))
    # Packed, or else Pillow would not ask libtiff.
    file = write([zlib.compress(data.tobytes())], 6, 8, 3, extra=[(259, 3, [8]), (530, 3, [across, down])])
    # libtiff has no way for 1 x 2, and of 4 x 4 it loses part of the last blocks but for sizes like this one.
    known_to_libtiff = (across, down) != (1, 2)
    keep(f"ycbcr-{across}x{down}", file, expected, None, (expected, "RGB", 2) if known_to_libtiff else None)
reference = (16, 235, 128, 240, 128, 240)
codes = np.round(ycbcr(smooth) * np.array([219, 224, 224]) / 255 + np.array([16, 15.56, 15.56]))
ratios = [number for value in reference for number in (value, 1)]
data = zlib.compress(codes.astype(np.uint8).tobytes())
file = write([data], 6, 8, 3, extra=[(259, 3, [8]), (530, 3, [1, 1]), (532, 5, ratios)])
keep("ycbcr-of-video", file, rgb_of(codes, reference), None, (rgb_of(codes, reference), "RGB", 3))
buffer = io.BytesIO()
Image.fromarray(levels(smooth)).save(buffer, "TIFF", compression="jpeg", quality=95)
file = buffer.getvalue()
expected = np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))
keep("ycbcr-jpeg-of-pillow", file, expected, None, (expected, "RGB", 0))

# Transparency.
for kind, white in [("u1", 255), ("u2", 65535), ("f4", 1)]:
    for associated in [False, True]:
        for colors in [1, 3]:
            shares = picture(4)[..., [*range(colors), 3]]
            if associated:
                shares = np.concatenate([shares[..., :-1] * shares[..., -1:], shares[..., -1:]], -1)
            numbers = numbers_of(shares, kind, white)
            extra = [(338, 3, [1 if associated else 2]), sample_format(kind, colors + 1)]
            file = write([plain(numbers)], 2 if colors == 3 else 1, 8 * int(kind[1]), colors + 1, extra=extra)
            eight = levels(numbers / white)
            expected = over_white(np.broadcast_to(eight[..., :-1], (HEIGHT, WIDTH, 3)), eight[..., -1:], associated)
            keep(f"alpha-{kind}-x{colors}-{'associated' if associated else 'straight'}", file, expected, numbers)

# Planes, each by itself.
planes = [piece.tobytes() for plane in range(3) for piece in tiles(rgb8[..., plane], 16, 16)]
file = write(planes, 2, 8, 3, tile=(16, 16), extra=[(284, 3, [2])])
keep("planes-rgb8-tiles", file, rgb8, np.moveaxis(rgb8, -1, 0))
compressed = [zlib.compress(differences(piece, 1).tobytes()) for plane in range(3) for piece in tiles(rgb8[..., plane], 16, 16)]
file = write(compressed, 2, 8, 3, ">", tile=(16, 16), extra=[(284, 3, [2]), (259, 3, [8]), (317, 3, [2])])
keep("planes-rgb8-tiles-predictor2", file, rgb8, np.moveaxis(rgb8, -1, 0))
shares = numbers_of(picture(3), "f4", 1)
file = write([plain(piece) for plane in range(3) for piece in strips(shares[..., plane], 4)], 2, 32, 3, rows=4, extra=[(284, 3, [2]), sample_format("f", 3)])
keep("planes-f4", file, levels(shares), np.moveaxis(shares, -1, 0))
cmyk = numbers_of(picture(4), "u1", 255)
ink = cmyk / 255
expected = levels((1 - ink[..., :3]) * (1 - ink[..., 3:]))
file = write([piece.tobytes() for plane in range(4) for piece in tiles(cmyk[..., plane], 16, 16)], 5, 8, 4, tile=(16, 16), extra=[(284, 3, [2])])
keep("planes-cmyk-tiles", file, expected, np.moveaxis(cmyk, -1, 0))

# The order of bits in a byte.
black = picture(1)[..., 0] > 0.5
reverse = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
expected = np.repeat(np.where(black, 0, 255)[..., None], 3, -1).astype(np.uint8)
data = packed_bits(black.astype(int), 1)
keep("bits-reversed", write([data.translate(reverse)], 0, 1, extra=[(266, 3, [2])]), expected, None, (expected, "RGB", 0))
buffer = io.BytesIO()
Image.fromarray(~black).save(buffer, "TIFF", compression="group4")
page = tifffile.TiffFile(io.BytesIO(buffer.getvalue())).pages[0]
fax = buffer.getvalue()[page.dataoffsets[0]:][:page.databytecounts[0]]
photometric = page.photometric.value
file = write([fax.translate(reverse)], photometric, 1, extra=[(266, 3, [2]), (259, 3, [4])])
keep("bits-reversed-fax4", file, expected, None, (expected, "RGB", 0))

out = Path(__file__).resolve().parent / "data" / "tiff.safetensors"
save_file(tensors, out)
print(f"{len(tensors) // 2} files, {out.stat().st_size} bytes; the same by {CHECKED}")
