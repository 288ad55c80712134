"""Reads a run's event files with the real TensorBoard, through the provider that its pages ask, and holds them to the run's
history.csv: the same steps, once each and in order, the same figures, and pictures that decode.

    python e2e/tensorboard_reads.py RUN
"""

import csv
import io
import json
import pathlib
import struct
import sys

from PIL import Image
from tensorboard import context, version
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer

SCALARS = {
    "train": {"epoch_loss": "loss", "epoch_accuracy": "accuracy", "epoch_learning_rate": "lr"},
    "validation": {"epoch_loss": "val_loss", "epoch_accuracy": "val_accuracy"},
}
PICTURES = {"train": "samples", "validation": "confusion_matrix"}


def single(text):
    """The number in single precision, as the event files hold it."""
    return struct.unpack("<f", struct.pack("<f", float(text)))[0]


def provider_of(folder):
    multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={"scalars": 0, "images": 0})
    multiplexer.AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    return data_provider.MultiplexerDataProvider(multiplexer, str(folder))


def check_scalars(provider, history, measured_anew):
    """`measured_anew` is the step whose validation figures in history.csv are those of single precision, once a run in bf16 has
    ended; the event file, which is only appended to, has them as that epoch was validated."""
    request = dict(experiment_id="", plugin_name="scalars")
    found = provider.read_scalars(context.RequestContext(), downsample=100_000, **request)
    tags = {run: set(series) for run, series in found.items()}
    assert tags == {run: set(columns) for run, columns in SCALARS.items()}, tags
    for run, columns in SCALARS.items():
        for tag, column in columns.items():
            points = [(point.step, point.value) for point in found[run][tag]]
            expected = [(int(row["epoch"]) - 1, single(row[column])) for row in history]
            if run == "validation" and measured_anew is not None:
                ours, theirs = points.pop(measured_anew), expected.pop(measured_anew)
                assert ours[0] == theirs[0] and abs(ours[1] - theirs[1]) <= 0.05 * abs(theirs[1]), (ours, theirs)
            assert points == expected, f"{run}/{tag}: {points}, but history.csv has {expected}"


def check_pictures(provider):
    request = dict(experiment_id="", plugin_name="images")
    listed = provider.list_blob_sequences(context.RequestContext(), **request)
    found = provider.read_blob_sequences(context.RequestContext(), downsample=1000, **request)
    assert {run: set(series) for run, series in found.items()} == {run: {tag} for run, tag in PICTURES.items()}, found
    for run, tag in PICTURES.items():
        assert listed[run][tag].description, "every picture says what it shows"
        steps = [datum.step for datum in found[run][tag]]
        assert steps and steps == sorted(set(steps)), steps
        for datum in found[run][tag]:
            width, height, png = (provider.read_blob(context.RequestContext(), blob_key=v.blob_key) for v in datum.values)
            picture = Image.open(io.BytesIO(png))
            picture.load()
            assert picture.format == "PNG" and picture.size == (int(width), int(height)), picture
            assert len(picture.convert("RGB").getcolors(1 << 24)) > 10, "a picture of nothing"
            print(f"{run}/{tag} at step {datum.step}: {picture.size[0]} x {picture.size[1]}")


def main():
    run = pathlib.Path(sys.argv[1])
    with open(run / "history.csv", newline="") as file:
        history = list(csv.DictReader(file))
    provider = provider_of(run / "tensorboard")
    metrics = json.loads((run / "metrics.json").read_text())
    bf16 = metrics["machine"]["precision"] == "bf16"
    check_scalars(provider, history, metrics["best"]["epoch"] - 1 if bf16 else None)
    check_pictures(provider)
    print(f"TensorBoard {version.VERSION} reads {len(history)} epochs of {run.name} as history.csv has them")


if __name__ == "__main__":
    main()
