#!/usr/bin/env python3
"""Validation accuracy of bf16 beside f32: the tutorial's recipe, the same seeds in both, as a Markdown table.

    cargo build --release
    python benchmarks/accuracy.py --data FOLDER --out RUNS [--seeds 123,1,2,3,4] [--epochs 15] [--threads N] [--table]

A run that was stopped goes on where it was, one that is there is not made again, so that the whole may be stopped and
started as one likes. `--table` trains nothing and prints what is there.
"""
import argparse, csv, json, pathlib, statistics, subprocess

HERE = pathlib.Path(__file__).resolve().parent
ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--umbel", default=HERE.parent / "target/release/umbel", type=pathlib.Path)
ap.add_argument("--data", type=pathlib.Path, required=True)
ap.add_argument("--out", type=pathlib.Path, required=True)
ap.add_argument("--seeds", default="123,1,2,3,4")
ap.add_argument("--epochs", type=int, default=15)
ap.add_argument("--threads", type=int, default=0)
ap.add_argument("--table", action="store_true")
a = ap.parse_args()
PRECISIONS = ("f32", "bf16")


def train(precision, seed):
    """Brings a run to its end, wherever it is."""
    run = a.out / f"{precision}-{seed}"
    metrics = run / "metrics.json"
    if metrics.is_file() and json.loads(metrics.read_text())["finished"]:
        return
    if (run / "config.toml").is_file():
        command = ["train", "--resume", run]
    else:
        command = ["train", a.data, "--recipe", "tutorial", "--split", "keras", "--seed", seed, "--epochs", a.epochs, "--threads", a.threads,
                   "--precision", precision, "--out", run]
    subprocess.run([str(word) for word in (a.umbel, *command)], check=True)


def figures(precision, seed):
    """Accuracy after the last epoch, of the best one, and seconds; None where the run is not finished."""
    run = a.out / f"{precision}-{seed}"
    metrics = run / "metrics.json"
    if not metrics.is_file() or not json.loads(metrics.read_text())["finished"]:
        return None
    rows = list(csv.DictReader(open(run / "history.csv")))
    accuracies = [float(row["val_accuracy"]) for row in rows]
    return accuracies[-1], max(accuracies), sum(float(row["seconds"]) for row in rows)


seeds = a.seeds.split(",")
if not a.table:
    a.out.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        for precision in PRECISIONS:
            train(precision, seed)
done = {(precision, seed): figures(precision, seed) for precision in PRECISIONS for seed in seeds}
print("| seed | f32, last | bf16, last | f32, best | bf16, best | f32, s | bf16, s |\n|---|---|---|---|---|---|---|")
whole = [seed for seed in seeds if all(done[precision, seed] for precision in PRECISIONS)]
for seed in whole:
    pairs = zip(done["f32", seed], done["bf16", seed])
    cells = [f"{value:.4f}" if i < 2 else f"{value:.0f}" for i, pair in enumerate(pairs) for value in pair]
    print(f"| {seed} | " + " | ".join(cells) + " |")
if whole:
    means = [statistics.mean(done[p, seed][i] for seed in whole) for i in range(3) for p in PRECISIONS]
    print("| **mean** | " + " | ".join(f"{m:.4f}" if i < 4 else f"{m:.0f}" for i, m in enumerate(means)) + " |")
    print(f"\nbf16 less f32, in points: last {100 * (means[1] - means[0]):+.2f}, best {100 * (means[3] - means[2]):+.2f}")
