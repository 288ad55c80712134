"""What every peer's script shares: one way to time a step, one JSON line in the form of `umbel bench`."""
import argparse, json, statistics, time

import numpy as np

SIZE, CLASSES = 180, 5


def arguments(what, description):
    """The flags of `umbel bench`, as far as peers need them."""
    ap = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if what:
        ap.add_argument("what", choices=what)
    ap.add_argument("--batch", type=int, default=32)
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--seconds", type=float, default=5)
    ap.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    return ap


def pictures(batch):
    """Noise, as `umbel bench` takes it: `[batch, 180, 180, 3]` in 0..=255, and labels."""
    random = np.random.default_rng(123)
    images = random.integers(0, 256, (batch, SIZE, SIZE, 3)).astype(np.float32)
    return images, random.integers(0, CLASSES, batch)


def report(a, engine, step, warm_up=5):
    """Times `step` (which must not return before its work is done) for the asked seconds and prints the figures."""
    for _ in range(warm_up):
        step()
    times, start = [], time.perf_counter()
    while len(times) < 10 or time.perf_counter() - start < a.seconds:
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    times.sort()
    print(json.dumps({
        "what": getattr(a, "what", "infer"), "engine": engine, "batch": a.batch, "precision": a.precision,
        "threads": a.threads, "images_per_second": a.batch * len(times) / sum(times),
        "ms_median": 1e3 * statistics.median(times), "ms_p99": 1e3 * times[min(len(times) - 1, int(len(times) * 0.99))],
    }))
