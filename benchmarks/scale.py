#!/usr/bin/env python3
"""How umbel's cost grows: memory and speed with one and ten times a folder's photos; a hundred thousand small pictures found,
checked and prepared; and a step's speed from the smallest to the largest pictures and batches.

    cargo build --release
    python benchmarks/scale.py --data FOLDER [--parts photos,small,extremes] [--times 10] [--small 100000] [--threads 2]

The ten times are the same photos under other names (copies; `--split keras` lets them lie on both sides). One epoch each,
from a cold cache and then from a warm one.
"""
import argparse, json, pathlib, random, shutil, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--umbel", default=HERE.parent / "target/release/umbel", type=pathlib.Path)
ap.add_argument("--data", type=pathlib.Path)
ap.add_argument("--parts", default="photos,small,extremes")
ap.add_argument("--times", type=int, default=10)
ap.add_argument("--small", type=int, default=100_000)
ap.add_argument("--threads", type=int, default=2)
a = ap.parse_args()
scratch = pathlib.Path(tempfile.mkdtemp(prefix="umbel-scale-"))


def multiply(times):
    """The folder with every photo `times` times."""
    folder = scratch / f"times-{times}"
    for photo in a.data.glob("*/*"):
        place = folder / photo.parent.name
        place.mkdir(parents=True, exist_ok=True)
        for number in range(times):
            shutil.copy(photo, place / f"{number}-{photo.name}")
    return folder


def train(folder, cache):
    command = [a.umbel, "train", folder, "--recipe", "tutorial", "--split", "keras", "--epochs", 1, "--threads", a.threads, "--cache", cache,
               "--out", scratch / f"run-{time.time_ns()}", "--json"]
    began = time.perf_counter()
    text = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True).stdout
    seconds = time.perf_counter() - began
    events = {event["event"]: event for event in map(json.loads, text.splitlines())}
    return {
        "photos": events["start"]["train_images"] + events["start"]["val_images"], "seconds": round(seconds, 1),
        "images_per_second": round(events["epoch"]["images_per_second"], 1),
        "peak_MB": round(events["end"]["peak_rss_bytes"] / 1e6, 1),
    }


def small_pictures():
    """Pictures of 16 x 16 pixels of noise, ten classes: seconds until they are found, until all are decoded into the cache,
    and what `umbel check` takes in all, the search for look-alikes included."""
    folder = scratch / "small"
    noise = random.Random(123)
    for number in range(a.small):
        place = folder / f"class-{number % 10}"
        if number < 10:
            place.mkdir(parents=True)
        (place / f"{number}.ppm").write_bytes(b"P6\n16 16\n255\n" + noise.randbytes(768))
    seconds = {}
    command = [str(a.umbel), "train", str(folder), "--recipe", "tutorial", "--image-size", "32", "--split", "keras", "--threads", str(a.threads),
               "--out", str(scratch / "never"), "--cache", str(scratch / "none"), "--json"]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
        for line in run.stderr:
            # The first line that tells of decoding comes when a part is done; the last when all are.
            seconds.setdefault("found" if line.startswith("Found") else "other", time.perf_counter() - began)
            if line.startswith(f"Preparing photos: {a.small}/"):
                seconds["prepared"] = time.perf_counter() - began
                run.kill()
                break
    began = time.perf_counter()
    checked = subprocess.run([str(a.umbel), "check", str(folder), "--json"], capture_output=True, text=True)
    seconds["checked"] = time.perf_counter() - began
    assert json.loads(checked.stdout)["images"] == a.small, checked.stderr
    return {name: round(value, 2) for name, value in seconds.items() if name != "other"}


def extremes():
    """Images a second of a training step, by picture size at batch 32, and by batch at 64 x 64 pixels."""
    for flags in [("--image-size", size) for size in (32, 64, 128, 180, 256, 384, 512)] + \
            [("--image-size", 64, "--batch", batch) for batch in (1, 2, 8, 32, 128, 512)]:
        command = [a.umbel, "bench", "step", "--precision", "f32", "--threads", a.threads, "--seconds", 1, *flags]
        figures = json.loads(subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True).stdout)
        summary = subprocess.run([str(c) for c in [a.umbel, "summary", "--model", "cnn", *flags]], capture_output=True, text=True, check=True).stdout
        needs = summary.splitlines()[-1].split(" needs ")[1].rstrip(".")
        print(json.dumps({"flags": " ".join(map(str, flags)), "images_per_second": round(figures["images_per_second"], 1), "needs": needs}), flush=True)


try:
    parts = a.parts.split(",")
    if "photos" in parts:
        if not a.data:
            sys.exit("the part photos needs --data FOLDER")
        for times in (1, a.times):
            folder, cache = multiply(times), scratch / f"cache-{times}"
            for state in ("cold", "warm"):
                print(json.dumps({"times": times, "cache": state, **train(folder, cache)}), flush=True)
    if "small" in parts:
        print(json.dumps({"small pictures": a.small, "seconds": small_pictures()}), flush=True)
    if "extremes" in parts:
        extremes()
finally:
    shutil.rmtree(scratch, ignore_errors=True)
