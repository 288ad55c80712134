"""Small pictures in forms that the project's own tests cannot write: made once with Pillow 13.0.0 (libwebp, libtiff)
and, where there is HEIC, pillow-heif 1.8.1 (libheif with x265).

    python make.py        writes them beside itself
"""

import math
from pathlib import Path

import pillow_heif
from PIL import Image

HERE = Path(__file__).parent


def drawn(width, height, phase=0):
    picture = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            wave = math.sin(x / 5 + phase) + math.cos(y / 4 - phase)
            picture.putpixel((x, y), (int(127 + 60 * wave), x * 255 // width, y * 255 // height))
    return picture


def with_alpha(picture):
    picture = picture.copy()
    mask = Image.linear_gradient("L").resize(picture.size)
    picture.putalpha(mask)
    return picture


still = drawn(40, 33)
frames = [drawn(24, 20, phase) for phase in range(3)]
still.save(HERE / "lossy.webp", quality=60, method=4)
with_alpha(still).save(HERE / "lossy-alpha.webp", quality=60, method=4)
frames[0].save(HERE / "animated.webp", save_all=True, append_images=frames[1:], duration=80, quality=60)
frames[0].save(HERE / "animated.png", save_all=True, append_images=frames[1:], duration=80)
frames[0].save(HERE / "animated.gif", save_all=True, append_images=frames[1:], duration=80)
for name, compression in [("deflate", "tiff_adobe_deflate"), ("lzw", "tiff_lzw"), ("packbits", "packbits")]:
    still.save(HERE / f"{name}.tif", compression=compression)
still.convert("L").save(HERE / "lzw-predicted.tif", compression="tiff_lzw", tiffinfo={317: 2})

# Taken at noon in Sydney.
exif = Image.Exif()
exif.get_ifd(0x8769).update({0x9003: "2024:05:01 12:00:00", 0x9011: "+10:00"})
exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 51.0, 24.0), 3: "E", 4: (151.0, 12.0, 36.0)})
pillow_heif.register_heif_opener()
still.save(HERE / "told.heic", quality=50, exif=exif)
