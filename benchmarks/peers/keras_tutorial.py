#!/usr/bin/env python3
"""The flower tutorial in Keras, as a peer to measure against.

    pip install tensorflow-cpu==2.21.0 psutil==7.2.2 pillow==13.0.0
    python keras_tutorial.py --data DIR [--epochs 15] [--seed 123] [--no-aug] [--no-dropout] [--json OUT]

image_dataset_from_directory (80/20) -> cache -> shuffle(1000) -> prefetch -> fit, two threads, as the tutorial does
it. `--no-aug --no-dropout` is the tutorial's first network, the one that over-fits.
"""
import argparse, json, os, resource, time

T0 = time.time()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
ap = argparse.ArgumentParser()
ap.add_argument("--data", required=True)
ap.add_argument("--epochs", type=int, default=15)
ap.add_argument("--batch", type=int, default=32)
ap.add_argument("--seed", type=int, default=123)
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--no-aug", action="store_true")
ap.add_argument("--no-dropout", action="store_true")
ap.add_argument("--json")
a = ap.parse_args()

import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

tf.config.threading.set_intra_op_parallelism_threads(a.threads)
tf.config.threading.set_inter_op_parallelism_threads(a.threads)
keras.utils.set_random_seed(a.seed)

kw = dict(validation_split=0.2, seed=a.seed, image_size=(180, 180), batch_size=a.batch)
train = keras.utils.image_dataset_from_directory(a.data, subset="training", **kw)
val = keras.utils.image_dataset_from_directory(a.data, subset="validation", **kw)
names = train.class_names
train = train.cache().shuffle(1000).prefetch(tf.data.AUTOTUNE)
val = val.cache().prefetch(tf.data.AUTOTUNE)

stack = [keras.Input((180, 180, 3))]
if not a.no_aug:
    stack += [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1), layers.RandomZoom(0.1)]
stack += [layers.Rescaling(1.0 / 255)]
for filters in (16, 32, 64):
    stack += [layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.MaxPooling2D()]
if not a.no_dropout:
    stack += [layers.Dropout(0.2)]
stack += [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(len(names))]
model = keras.Sequential(stack)
model.compile(
    optimizer=keras.optimizers.Adam(1e-3),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
history = model.fit(train, validation_data=val, epochs=a.epochs, verbose=2)
result = {
    "what": "keras_tutorial", "args": vars(a), "tf": tf.__version__, "keras": keras.__version__,
    "history": {k: [round(float(v), 5) for v in vs] for k, vs in history.history.items()},
    "seconds": round(time.time() - T0, 1),
    "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
}
print(json.dumps(result))
if a.json:
    with open(a.json, "w") as f:
        json.dump(result, f, indent=1)
