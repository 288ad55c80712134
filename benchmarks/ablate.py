"""What each ingredient of the scratch recipe gives on a folder of photos: the recipe without it, or with it.

    python benchmarks/ablate.py --data flowers --out ablations [--umbel umbel] [--seeds 123,1] [--rows mixup,ema]

Every row is one run a seed of `umbel train --recipe scratch --split keras` at a reduced size and length (96 pixels, 20
epochs), so that all of them fit into an hour. Runs lie under --out; one that is whole is not run again and one that was
stopped is resumed, so the script may be ended at any time and started again. The table is printed, and written to
OUT/ablations.md after every run. Python 3.9 or newer, nothing else.
"""

import argparse
import csv
import statistics
import subprocess
import time
from pathlib import Path

# Name, what it is, and the flags on top of the recipe. `without` rows take an ingredient away that the recipe has.
ROWS = [
    ("scratch", "the recipe, at one size", []),
    ("crop", "without random crops", ["--random-crop", "0"]),
    ("flip", "without flips", ["--augment", "none"]),
    ("augment", "tutorial's augmentation instead of crops", ["--random-crop", "0", "--augment", "tutorial"]),
    ("smoothing", "without label smoothing", ["--label-smoothing", "0"]),
    ("ema", "without the average of weights", ["--ema", "0"]),
    ("clip", "without clipping", ["--clip", "0"]),
    ("decay", "without weight decay", ["--weight-decay", "0"]),
    ("warmup", "without warm-up", ["--warmup", "0"]),
    ("cosine", "constant rate instead of cosine", ["--schedule", "constant"]),
    ("adamw", "AdamW (0.004, decay 0.05) instead of SGD with Nesterov's momentum",
     ["--optimizer", "adamw", "--lr", "0.004", "--weight-decay", "0.05"]),
    ("momentum", "plain momentum instead of Nesterov's", ["--optimizer", "sgd", "--weight-decay", "0.001"]),
    ("mixup", "with mixup 0.2", ["--mixup", "0.2"]),
    ("cutmix", "with CutMix 1.0 for half of the photos", ["--cutmix", "1", "--mix-probability", "0.5"]),
    ("randaugment", "with RandAugment 0.5", ["--rand-augment", "0.5"]),
    ("erasing", "with random erasing 0.25", ["--random-erasing", "0.25"]),
    ("accumulate", "with two batches an update", ["--accumulate", "2"]),
    ("balance-loss", "with classes weighed in the loss", ["--balance", "loss"]),
    ("balance-sample", "with classes shown equally often", ["--balance", "sample"]),
    ("sizes", "with growing photos, 32 and 16 pixels smaller at first", ["--train-sizes"]),
]


def main():
    options = parse()
    wanted = [row for row in ROWS if not options.rows or row[0] in options.rows.split(",")]
    seeds = [int(seed) for seed in options.seeds.split(",")]
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    # Seed after seed, so that a run that is ended early has every row once.
    for seed in seeds:
        for name, _, flags in wanted:
            train(options, out / f"{name}-{seed}", seed, flags)
            table = rows(out, seeds, options)
            (out / "ablations.md").write_text(table)
    print(rows(out, seeds, options))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder of photos, one sub-folder a class")
    parser.add_argument("--out", default="ablations", help="folder for the runs")
    parser.add_argument("--umbel", default="umbel", help="the program")
    parser.add_argument("--seeds", default="123,1")
    parser.add_argument("--rows", help="names of rows, with commas; all unless told otherwise")
    parser.add_argument("--image-size", type=int, default=96)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=0)
    return parser.parse_args()


def train(options, run, seed, flags):
    """Trains, or goes on training, unless that is done."""
    if done(run, options.epochs):
        return
    if "--train-sizes" in flags:
        flags = [*flags, ",".join(str(options.image_size - less) for less in (32, 16, 0))]
    if (run / "config.toml").exists():
        command = [options.umbel, "train", "--resume", str(run)]
    else:
        sizes = [] if "--train-sizes" in flags else ["--train-sizes", "none"]
        command = [
            options.umbel, "train", options.data, "--recipe", "scratch", "--split", "keras", "--seed", str(seed),
            "--image-size", str(options.image_size), "--epochs", str(options.epochs), "--threads", str(options.threads),
            "--out", str(run), *sizes, *flags,
        ]
    start = time.monotonic()
    ran = subprocess.run(command, capture_output=True, text=True)
    # 3: some photos could not be used.
    if ran.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command)}\n{ran.stderr.strip()}")
    print(f"{run.name}: {time.monotonic() - start:.0f} s, {epochs_of(run)[-1]:.4f}", flush=True)


def done(run, epochs):
    return (run / "report.html").exists() and len(epochs_of(run)) >= epochs


def epochs_of(run, column="val_accuracy"):
    """A figure of history.csv by epoch."""
    path = run / "history.csv"
    if not path.exists():
        return []
    with path.open() as file:
        return [float(row[column]) for row in csv.DictReader(file)]


def rows(out, seeds, options):
    """The table so far: the last epoch's accuracy, which no choice has touched, by seed, and how far from the recipe's."""

    def runs(name):
        return [run for seed in seeds if done(run := out / f"{name}-{seed}", options.epochs)]

    base = [epochs_of(run)[-1] for run in runs("scratch")]
    lines = [
        f"umbel_s, {options.image_size} pixels, {options.epochs} epochs, `--split keras`, seeds {options.seeds}: validation "
        "accuracy after the last epoch.",
        "",
        "| change | by seed | mean | less the recipe's | seconds an epoch (median) |",
        "|---|---|---|---|---|",
    ]
    for name, what, _ in ROWS:
        if values := [epochs_of(run)[-1] for run in runs(name)]:
            seconds = statistics.median(second for run in runs(name) for second in epochs_of(run, "seconds"))
            mean = statistics.mean(values)
            by_seed = ", ".join(f"{value:.3f}" for value in values)
            difference = f"{mean - statistics.mean(base):+.3f}" if len(base) == len(values) and name != "scratch" else "–"
            lines.append(f"| {what} | {by_seed} | {mean:.3f} | {difference} | {seconds:.1f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
