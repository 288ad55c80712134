#!/usr/bin/env python3
"""One training step of the tutorial's network in TensorFlow, at its fastest: a tf.function on one batch in memory.

    pip install tensorflow-cpu==2.21.0
    python keras_step.py [--batch 32] [--threads 2] [--seconds 8]

Prints one JSON object in the form of `umbel bench step`.
"""
import argparse, json, os, statistics, time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
ap = argparse.ArgumentParser()
ap.add_argument("--batch", type=int, default=32)
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--seconds", type=float, default=8)
a = ap.parse_args()

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

tf.config.threading.set_intra_op_parallelism_threads(a.threads)
tf.config.threading.set_inter_op_parallelism_threads(a.threads)
keras.utils.set_random_seed(1)
stack = [keras.Input((180, 180, 3)), layers.Rescaling(1.0 / 255)]
for filters in (16, 32, 64):
    stack += [layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.MaxPooling2D()]
stack += [layers.Dropout(0.2), layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(5)]
model = keras.Sequential(stack)
optimizer = keras.optimizers.Adam(1e-3)
optimizer.build(model.trainable_variables)
loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
pictures = tf.constant(np.random.randint(0, 256, (a.batch, 180, 180, 3)).astype(np.float32))
labels = tf.constant(np.random.randint(0, 5, a.batch))


@tf.function
def step():
    with tf.GradientTape() as tape:
        loss = loss_of(labels, model(pictures, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss


for _ in range(5):
    step().numpy()
times, start = [], time.perf_counter()
while time.perf_counter() - start < a.seconds:
    t = time.perf_counter()
    step().numpy()
    times.append(time.perf_counter() - t)
median = statistics.median(times)
print(json.dumps({
    "what": "step", "engine": f"tensorflow {tf.__version__}", "batch": a.batch, "threads": a.threads,
    "images_per_second": a.batch / median, "ms_median": 1e3 * median,
    "ms_p99": 1e3 * sorted(times)[min(len(times) - 1, int(len(times) * 0.99))],
}))
