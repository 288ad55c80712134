#!/usr/bin/env python3
"""How umbel's cost grows with the number of photos: memory and speed with one and ten times a folder, and how long a hundred
thousand small pictures take to be found.

    cargo build --release
    python benchmarks/scale.py --data FOLDER [--times 10] [--small 100000] [--threads 2]

The ten times are the same photos under other names (copies; `--split keras` lets them lie on both sides). One epoch each,
from a cold cache and then from a warm one.
"""
import argparse, json, pathlib, shutil, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--umbel", default=HERE.parent / "target/release/umbel", type=pathlib.Path)
ap.add_argument("--data", required=True, type=pathlib.Path)
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
    command = [a.umbel, "train", folder, "--split", "keras", "--epochs", 1, "--threads", a.threads, "--cache", cache,
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
    """Seconds until `Found ... files` stands on the screen."""
    folder = scratch / "small"
    picture = b"P6\n2 2\n255\n" + bytes(12)
    for number in range(a.small):
        place = folder / f"class-{number % 10}"
        if number < 10:
            place.mkdir(parents=True)
        (place / f"{number}.ppm").write_bytes(picture)
    command = [str(a.umbel), "train", str(folder), "--out", str(scratch / "never"), "--cache", str(scratch / "none")]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
        for line in run.stderr:
            if line.startswith("Found"):
                found = time.perf_counter() - began
                run.kill()
                return line.strip(), round(found, 2)
    sys.exit("umbel ended before it found the pictures")


try:
    for times in (1, a.times):
        folder, cache = multiply(times), scratch / f"cache-{times}"
        for state in ("cold", "warm"):
            print(json.dumps({"times": times, "cache": state, **train(folder, cache)}), flush=True)
    print(json.dumps({"small": small_pictures()}))
finally:
    shutil.rmtree(scratch, ignore_errors=True)
