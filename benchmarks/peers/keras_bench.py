#!/usr/bin/env python3
"""The tutorial's network in TensorFlow at its fastest: a tf.function on one batch in memory.

    pip install -r requirements-keras.txt
    python keras_bench.py step|infer [--batch 32] [--threads 2] [--seconds 5] [--precision f32|bf16]
"""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
from measure import CLASSES, SIZE, arguments, pictures, report

a = arguments(["step", "infer"], __doc__).parse_args()

import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

tf.config.threading.set_intra_op_parallelism_threads(a.threads)
tf.config.threading.set_inter_op_parallelism_threads(a.threads)
if a.precision == "bf16":
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
keras.utils.set_random_seed(1)
stack = [keras.Input((SIZE, SIZE, 3)), layers.Rescaling(1.0 / 255)]
for filters in (16, 32, 64):
    stack += [layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.MaxPooling2D()]
stack += [layers.Dropout(0.2), layers.Flatten(), layers.Dense(128, activation="relu")]
stack += [layers.Dense(CLASSES, dtype="float32")]
model = keras.Sequential(stack)
images, labels = (tf.constant(values) for values in pictures(a.batch))

if a.what == "step":
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build(model.trainable_variables)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def run():
        with tf.GradientTape() as tape:
            loss = loss_of(labels, model(images, training=True))
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
        return loss
else:

    @tf.function
    def run():
        return model(images, training=False)


report(a, f"tensorflow {tf.__version__}", lambda: run().numpy())
