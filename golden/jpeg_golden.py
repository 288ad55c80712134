"""What libjpeg makes of JPEGs that are cut in every way there is, for umbel's decoders to be held to:
data/jpegs.safetensors; and of very small ones: data/small-jpegs.safetensors. cjpeg and djpeg are those of Debian's libjpeg-turbo-progs (apt-get install libjpeg-turbo-progs).

    python3 -m venv .venv
    .venv/bin/pip install pillow==13.0.0 numpy==2.4.6 safetensors==0.8.0
    .venv/bin/python golden/jpeg_golden.py

`pixels/SAMPLING/SIZE` are the pixels (height x width x 3), `file/SAMPLING/SIZE/CUT` the files that have them: a picture's
pixels do not depend on how its coefficients are cut into scans.
"""

import io
import pathlib
import subprocess
import tempfile

import numpy
import PIL
import safetensors.numpy
from PIL import Image

assert (PIL.__version__, numpy.__version__) == ("13.0.0", "2.4.6")

HERE = pathlib.Path(__file__).parent
SIZES = [(35, 19), (7, 9)]
# Luma finest; chroma finer than luma; factors of 3; channels of a third size.
SAMPLINGS = ["1x1,1x1,1x1", "2x1,1x1,1x1", "1x2,1x1,1x1", "2x2,1x1,1x1", "4x1,1x1,1x1", "1x4,1x1,1x1", "2x2,2x1,1x2",
             "2x1,1x2,1x1", "2x2,2x2,2x2", "1x1,2x2,1x1", "1x1,1x2,2x1", "1x1,2x2,2x2", "3x1,1x1,1x1", "1x3,1x1,1x1",
             "3x2,1x1,1x1", "4x1,2x1,1x1", "1x4,1x2,1x2", "2x4,1x2,1x1"]
CUTS = {"whole": (None, []), "restarts": (None, ["-restart", "2B"]), "progressive": (None, ["-progressive"]),
        "each": ("0; 1; 2;", []), "each-restarts": ("0; 1; 2;", ["-restart", "3B"]), "backward": ("2; 1; 0;", []),
        "luma-chroma": ("0; 1 2;", []), "last-alone": ("0 1; 2;", []), "chroma-first": ("1; 0 2;", [])}


def picture(width, height):
    y, x = numpy.mgrid[0:height, 0:width]
    return numpy.stack([(x * 7 + y * 3) % 256, (200 - x * 5 + y * 2) % 256, (x * y + 40) % 256], 2).astype(numpy.uint8)


def noise(width, height):
    """Neighbors that have nothing in common, so that it shows which of them a pixel's color is made of."""
    state = width * 65536 + height + 1
    values = []
    for _ in range(3 * width * height):
        state = (state * 1103515245 + 12345) % 2**31
        values.append(state >> 16 & 255)
    return numpy.array(values, numpy.uint8).reshape(height, width, 3)


def encoded(pixels, arguments, scans):
    source = io.BytesIO()
    Image.fromarray(pixels).save(source, "PPM")
    with tempfile.NamedTemporaryFile("w") as script:
        script.write(scans or "")
        script.flush()
        scans = ["-scans", script.name] if scans else []
        command = ["cjpeg", "-quality", "80", "-optimize", *arguments, *scans]
        done = subprocess.run(command, input=source.getvalue(), capture_output=True)
    return None if done.returncode else done.stdout


def decoded(jpeg):
    return numpy.array(Image.open(io.BytesIO(jpeg)).convert("RGB"))


def small():
    """Every width and height up to 9, and a few that are longer."""
    sizes = [(width, height) for width in range(1, 10) for height in range(1, 10)]
    sizes += [(1, 40), (2, 33), (3, 50), (4, 41), (8, 30), (50, 3), (16, 16), (10, 19), (17, 16)]
    tensors = {}
    for sampling in ["1x1,1x1,1x1", "2x1,1x1,1x1", "1x2,1x1,1x1", "2x2,1x1,1x1"]:
        for number, (width, height) in enumerate(sizes):
            arguments = ["-sample", sampling, "-quality", ["75", "85", "95"][number % 3]]
            jpeg = encoded(noise(width, height), arguments + ["-progressive"] * (number % 5 == 0), None)
            tensors[f"file/{sampling}/{width}x{height}"] = numpy.frombuffer(jpeg, numpy.uint8)
            tensors[f"pixels/{sampling}/{width}x{height}"] = decoded(jpeg)
    safetensors.numpy.save_file(tensors, HERE / "data" / "small-jpegs.safetensors")


def main():
    small()
    tensors = {}
    for width, height in SIZES:
        size = f"{width}x{height}"
        for sampling in SAMPLINGS:
            expected = None
            for cut, (scans, arguments) in CUTS.items():
                jpeg = encoded(picture(width, height), ["-sample", sampling, *arguments], scans)
                # Too many blocks to stand in one scan.
                if jpeg is None:
                    continue
                pixels = decoded(jpeg)
                expected = pixels if expected is None else expected
                # Block smoothing aside, which a whole progressive picture does not get.
                assert numpy.array_equal(pixels, expected), (sampling, size, cut)
                tensors[f"file/{sampling}/{size}/{cut}"] = numpy.frombuffer(jpeg, numpy.uint8)
            tensors[f"pixels/{sampling}/{size}"] = expected
    # Colors that are not luma and chroma, each channel alone.
    for name, arguments in {"rgb": ["-rgb"], "grey": ["-grayscale"]}.items():
        scans = "0;" if name == "grey" else "0; 1; 2;"
        for cut, script in {"whole": None, "each": scans}.items():
            jpeg = encoded(picture(35, 19), arguments, script)
            tensors[f"file/{name}/35x19/{cut}"] = numpy.frombuffer(jpeg, numpy.uint8)
            tensors[f"pixels/{name}/35x19"] = decoded(jpeg)
    inks = io.BytesIO()
    Image.fromarray(picture(35, 19)).convert("CMYK").save(inks, "JPEG", quality=80)
    for cut, script in {"whole": None, "each": "0; 1; 2; 3;"}.items():
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(script or "0 1 2 3;")
            file.flush()
            command = ["jpegtran", "-optimize", "-copy", "all", "-scans", file.name]
            jpeg = subprocess.run(command, input=inks.getvalue(), capture_output=True, check=True).stdout
        tensors[f"file/cmyk/35x19/{cut}"] = numpy.frombuffer(jpeg, numpy.uint8)
        tensors[f"pixels/cmyk/35x19"] = decoded(jpeg)
    safetensors.numpy.save_file(tensors, HERE / "data" / "jpegs.safetensors")


main()
