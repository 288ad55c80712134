#!/usr/bin/env python3
# requires: tensorflow-cpu==2.21.0 keras==3.15.1 numpy==2.4.6 safetensors==0.8.0
"""Writes the golden files in data/: what Keras computes, for umbel's tests to be held to (see README.md).

    pip install tensorflow-cpu==2.21.0 keras==3.15.1 numpy==2.4.6 safetensors==0.8.0
    python golden/keras_golden.py                      all files; or some: network split resize augment

The networks are described once, in networks/*.toml, and read by both sides. Every network is run twice: in float64, which
is the truth that is stored, and in float32, whose distance from it is stored as `noise/...`: what single precision costs
Keras itself.
"""
import json
import os
import sys
import tempfile
import tomllib
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras
import numpy as np
import safetensors
import tensorflow as tf
from safetensors.numpy import save_file

WANTED = {"tensorflow": "2.21.0", "keras": "3.15.1", "numpy": "2.4.6", "safetensors": "0.8.0"}
FOUND = {m.__name__: m.__version__ for m in (tf, keras, np, safetensors)}
assert FOUND == WANTED, f"these files are made with {WANTED}, not {FOUND}"

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"

# ---------------------------------------------------------------------------------------------------------------------
# Numbers that both sides make by the same formula, so that they need not be stored (Rust: tests/umbel/golden/formula.rs)

# Tensor numbers; weights count from 0. Of 2000 to 2029, this one samples the positions at which Adam is best conditioned:
# it turns a gradient that is almost zero, and in float32 mostly rounding, into a full step, for about one weight in 10,000.
PICTURES, POSITIONS = 1000, 2029


def random_bits(tensor, count):
    """SplitMix64's output for the states (tensor * 2^32 + index + 1) * 0x9E3779B97F4A7C15."""
    state = (np.uint64(tensor) << np.uint64(32)) + np.arange(1, count + 1, dtype=np.uint64)
    z = state * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def signed_uniform(tensor, count):
    """float32 in [-1, 1), exact: 24 bits."""
    unit = (random_bits(tensor, count) >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)
    return np.float32(2) * unit - np.float32(1)


def picture(number, *shape):
    """Whole numbers 0..=255."""
    return (random_bits(PICTURES + number, int(np.prod(shape))) >> np.uint64(56)).astype(np.uint8).reshape(shape)


def initial_weight(tensor, name, shape):
    """Kernels within Glorot's limit; all else random too, so that no term is hidden behind a zero or a one."""
    u = signed_uniform(tensor, int(np.prod(shape))).reshape(shape)
    kind = name.split("/")[-1]
    if kind.endswith("kernel"):
        window = int(np.prod(shape[:-2]))
        return u * np.float32(np.sqrt(6.0 / (window * (shape[-2] + shape[-1]))))
    scale, offset = {
        "bias": (0.05, 0.0), "gamma": (0.25, 1.0), "beta": (0.25, 0.0),
        "moving_mean": (0.25, 0.0), "moving_variance": (0.5, 1.0),
    }[kind]
    return np.float32(scale) * u + np.float32(offset)


SAMPLED_ABOVE, SAMPLES = 20_000, 4096


def put(out, name, truth):
    """A tensor whole as float32, or, where it is large, at 4096 positions, with its sum, absolute sum and norm."""
    flat = np.asarray(truth, np.float64).ravel()
    if "loss" in name:
        out[name] = flat
    elif flat.size <= SAMPLED_ABOVE:
        out[name] = flat.astype(np.float32)
    else:
        positions = (random_bits(POSITIONS, SAMPLES) % np.uint64(flat.size)).astype(np.int64)
        out[name + "/sampled"] = flat[positions].astype(np.float32)
        out[name + "/sums"] = np.array([flat.sum(), np.abs(flat).sum(), np.sqrt((flat * flat).sum())])


def write(path, out):
    save_file({k: np.ascontiguousarray(v) for k, v in sorted(out.items())}, DATA / path)
    (DATA / path).chmod(0o644)
    print(f"{path}: {len(out)} tensors, {(DATA / path).stat().st_size} bytes")


# ---------------------------------------------------------------------------------------------------------------------
# Networks

NETWORKS = {"tutorial": ((180, 180, 3), 4), "flatten": ((24, 20, 3), 6), "average": ((23, 19, 3), 6),
            "separable": ((17, 15, 3), 6)}


def kernels_alone(optimizer):
    """Leaves biases and batch norm's vectors out of the weight decay, as umbel does."""
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


OPTIMIZERS = {
    "adam": lambda _: keras.optimizers.Adam(0.01),
    # A decay that moves the weights by much more than the tolerance within three steps.
    "adam_w": lambda _: kernels_alone(keras.optimizers.AdamW(0.01, weight_decay=0.5)),
    "sgd": lambda rate: keras.optimizers.SGD(rate),
    "sgd_momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    "sgd_nesterov": lambda rate: kernels_alone(
        keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=0.1)),
}
TUTORIAL_OPTIMIZERS = {"adam": lambda _: keras.optimizers.Adam()}
# SGD's; at 1 the norms of this network throw the weights about, and with them what float32 has rounded.
RATES = {"separable": 0.1}


KERAS_NAMES = {"kernel": "kernel_size", "stride": "strides", "pool": "pool_size", "bias": "use_bias"}


def keras_layer(options):
    options = {KERAS_NAMES.get(key, key): value for key, value in options.items()}
    kind = options.pop("kind")
    return {
        "rescaling": keras.layers.Rescaling, "conv2d": keras.layers.Conv2D, "max_pool2d": keras.layers.MaxPooling2D,
        "avg_pool2d": keras.layers.AveragePooling2D, "global_avg_pool2d": keras.layers.GlobalAveragePooling2D,
        "batch_norm": keras.layers.BatchNormalization, "flatten": keras.layers.Flatten, "dense": keras.layers.Dense,
        "activation": keras.layers.Activation, "separable_conv2d": keras.layers.SeparableConv2D,
        "layer_normalization": keras.layers.LayerNormalization,
    }[kind](**options)



def build(network, dtype):
    """The model in `dtype` with the weights of the formula, and their names."""
    keras.backend.clear_session()
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    layers = tomllib.loads((HERE / "networks" / f"{network}.toml").read_text())["layer"]
    model = keras.Sequential([keras.Input(NETWORKS[network][0])] + [keras_layer(layer) for layer in layers])
    names = []
    for layer in model.layers:
        for weight in layer.weights:
            name = f"{layer.name}/{weight.name}"
            weight.assign(initial_weight(len(names), name, tuple(weight.shape)).astype(dtype))
            names.append(name)
    return model, names


def run(network, dtype):
    """Everything that is stored of one network."""
    shape, batch = NETWORKS[network]
    images = picture(0, batch, *shape).astype(dtype)
    model, names = build(network, dtype)
    classes = model.output_shape[-1]
    labels = np.arange(batch) * 3 % classes
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def gradients():
        with tf.GradientTape() as tape:
            logits = model(tf.constant(images), training=True)
            loss = loss_of(labels, logits)
        assert logits.dtype == dtype and loss.dtype == dtype
        return float(loss), [np.asarray(g) for g in tape.gradient(loss, model.trainable_variables)]

    def named_weights():
        return {name: weight.numpy() for name, weight in zip(names, model.weights)}

    trainable = [n for n, w in zip(names, model.weights) if w.trainable]
    out = {"logits": model(images, training=False).numpy()}
    loss, grads = gradients()
    out["loss"] = np.array([loss])
    out |= {f"gradient/{n}": g for n, g in zip(trainable, grads)}
    # The forward pass in training mode has moved the moving statistics once.
    out |= {f"moved/{n}": w for n, w in named_weights().items() if n not in trainable}

    for kind, make in (TUTORIAL_OPTIMIZERS if network == "tutorial" else OPTIMIZERS).items():
        model, _ = build(network, dtype)
        optimizer, losses = make(RATES.get(network, 1.0)), []
        for _ in range(3):
            loss, grads = gradients()
            losses.append(loss)
            optimizer.apply(grads, model.trainable_variables)
        out[f"{kind}/losses"] = np.array(losses)
        out[f"{kind}/learning_rate"] = np.array([float(optimizer.learning_rate.numpy())])
        out |= {f"{kind}/weights/{n}": w for n, w in named_weights().items()}
    return out


def summary(model, names):
    layers = [
        {"name": l.name, "class": type(l).__name__, "output": list(l.output.shape[1:]), "parameters": l.count_params()}
        for l in model.layers
    ]
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    weights = [{"name": n, "shape": list(w.shape), "trainable": w.trainable} for n, w in zip(names, model.weights)]
    return {"parameters": model.count_params(), "trainable": trainable, "layers": layers, "weights": weights}


def write_networks():
    summaries = {}
    for network in NETWORKS:
        truth, single = run(network, "float64"), run(network, "float32")
        out, noisy = {}, {}
        for name, value in truth.items():
            put(out, name, value)
            put(noisy, name, single[name])
        for name in list(out):
            error = np.abs(noisy[name].astype(np.float64) - out[name]).max() / np.abs(out[name]).max()
            out[f"noise/{name}"] = np.array([error])
        worst = sorted(((v[0], k) for k, v in out.items() if k.startswith("noise/")), reverse=True)[:6]
        print(network, "losses", {k: v.tolist() for k, v in out.items() if "loss" in k and "noise" not in k})
        print("  float32's worst:", ", ".join(f"{k[6:]} {v:.1e}" for v, k in worst))
        write(f"{network}.safetensors", out)
        summaries[network] = summary(*build(network, "float32"))
    (DATA / "summary.json").write_text(json.dumps(summaries) + "\n")


# ---------------------------------------------------------------------------------------------------------------------
# Split

def split_folders():
    """Folder name -> files, chosen so that sorting them is not trivial."""
    # No two names differ in case alone: not every file system could hold them.
    tricky = ["a.png", "B.png", "10.png", "9.png", "_x.png", "a b.png", "C.PNG", "a-1.png", "a1.png", "é.png", "Ab.Png"]
    nested = ["top.png", "zz.png", "Sub/1.png", "alt/1.png", "alt/inner/0.png", "alt-a/1.png", "alt.b/1.png", "a/9.png"]
    ignored = ["notes.txt"]
    return {
        "two_classes": {"cat": [f"{i}.png" for i in range(7)], "dog": [f"{i}.png" for i in range(5)]},
        "five_classes": {
            "daisy": [f"img_{i}.png" for i in range(10)],
            "Dandelion": tricky + [f"d{i:03}.png" for i in range(20)],
            "roses": nested + [f"r{i}.png" for i in range(25)] + ignored,
            "sun flowers": [f"{i * 37 % 1009}_{i}.png" for i in range(60)],
            "10": [f"{i}.png" for i in range(13)],
        },
        "three_classes": {name: [f"{i}.png" for i in range(n)] for name, n in (("a", 101), ("b", 55), ("c", 23))},
    }


def write_split():
    cases = []
    for name, classes in split_folders().items():
        with tempfile.TemporaryDirectory() as root:
            files = [f"{c}/{f}" for c, fs in classes.items() for f in fs]
            for i, file in enumerate(files):
                path = Path(root, file)
                path.parent.mkdir(parents=True, exist_ok=True)
                if path.suffix == ".txt":
                    path.write_text("not a picture\n")
                else:
                    keras.utils.save_img(path, picture(i, 2, 2, 3), file_format="png", scale=False)
            splits = []
            for seed, fraction in ((123, 0.2), (1, 0.25), (4_294_967_295, 0.1)):
                parts = {}
                for subset in ("training", "validation"):
                    dataset = keras.utils.image_dataset_from_directory(
                        root, validation_split=fraction, subset=subset, seed=seed, image_size=(32, 32))
                    parts[subset] = sorted(os.path.relpath(p, root) for p in dataset.file_paths)
                splits.append({"seed": seed, "validation_split": fraction} | parts)
            cases.append({"name": name, "files": files, "classes": dataset.class_names, "splits": splits})
    permutations = []
    for n in (1, 2, 3, 10, 3670):
        for seed in (0, 123, 4_294_967_295):
            order = np.arange(n)
            np.random.RandomState(seed).shuffle(order)
            permutations.append({"n": n, "seed": seed, "first": order[:8].tolist(), "last": order[-8:].tolist()})
    (DATA / "split.json").write_text(json.dumps({"folders": cases, "permutations": permutations}, ensure_ascii=False) + "\n")


# ---------------------------------------------------------------------------------------------------------------------
# Resize: (height, width) -> size x size, in 256ths of a level

RESIZES = [((20, 30), 32), ((37, 53), 32), ((100, 75), 48), ((64, 64), 32), ((7, 5), 40), ((181, 97), 64),
           ((33, 33), 33), ((1, 1), 32), ((1, 90), 32), ((300, 200), 35), ((40, 31), 63)]


def write_resize():
    out = {}
    for number, ((height, width), size) in enumerate(RESIZES):
        photo = picture(number, height, width, 3)
        for name, antialias in (("bilinear", False), ("antialias", True)):
            resized = tf.image.resize(photo, (size, size), method="bilinear", antialias=antialias).numpy()
            assert resized.min() >= 0 and resized.max() < 255.99
            out[f"{name}/{number}/{height}x{width}/{size}"] = np.round(resized * 256).astype(np.uint16)
    write("resize.safetensors", out)


# ---------------------------------------------------------------------------------------------------------------------
# Augmentation: the layers with their factors fixed. Names: kind=factors, joined by +, then the picture's size

SINGLE = ["random_rotation=0.05", "random_rotation=-0.2", "random_rotation=0.25", "random_rotation=0.5",
          "random_zoom=0.2", "random_zoom=-0.3", "random_zoom=1", "random_translation=0.2,-0.1",
          "random_translation=-0.33,0.5", "random_translation=0.25,0", "random_contrast=0.4", "random_contrast=-0.6",
          "random_brightness=0.3", "random_brightness=-0.45", "random_flip=horizontal", "random_flip=vertical"]
# Geometric layers compose into one warp with one interpolation: there Keras' own affine_transform is given the product
# of the matrices. Color layers are applied one after another.
COMPOSED = ["random_rotation=0.07+random_zoom=-0.15", "random_zoom=-0.15+random_rotation=0.07",
            "random_translation=0.1,-0.2+random_rotation=-0.1+random_zoom=0.12",
            "random_contrast=0.5+random_brightness=0.2", "random_brightness=-0.2+random_contrast=0.8",
            "random_rotation=0.1+random_contrast=-0.3+random_brightness=0.1"]


def warp_matrix(kind, factors, size):
    """The 3x3 matrix from output to input pixels that the Keras layer itself makes."""
    batch = tf.zeros((1, size, size, 3))
    pair = [(f, f) for f in factors]
    if kind == "random_rotation":
        eight = keras.layers.RandomRotation(pair[0]).get_random_transformation(batch)["rotation_matrix"]
    elif kind == "random_zoom":
        layer = keras.layers.RandomZoom(pair[0])
        zoom = layer.get_random_transformation(batch)
        eight = layer._get_zoom_matrix(tf.concat([zoom["width_zoom"], zoom["height_zoom"]], 1), size, size)
    else:
        layer = keras.layers.RandomTranslation(*pair)
        eight = layer._get_translation_matrix(layer.get_random_transformation(batch)["translations"])
    return np.append(np.asarray(eight, np.float64), 1.0).reshape(3, 3)


def augment_one(kind, factors, image):
    pair = [(f, f) for f in factors]
    if kind == "random_rotation":
        return keras.layers.RandomRotation(pair[0])(image, training=True)
    if kind == "random_zoom":
        return keras.layers.RandomZoom(pair[0])(image, training=True)
    if kind == "random_translation":
        return keras.layers.RandomTranslation(*pair)(image, training=True)
    if kind == "random_contrast":  # Keras' (f, f) means 1 - f to 1 + f, so the factor is given by hand.
        return keras.layers.RandomContrast(0.5).transform_images(image, {"contrast_factor": np.float32(1 + factors[0])})
    return keras.layers.RandomBrightness(pair[0])(image, training=True)


def augment(steps, image):
    size = image.shape[1]
    if steps[0][0] == "random_flip":
        mode = steps[0][1][0]
        return keras.layers.RandomFlip(mode).transform_images(image, {"flips": np.ones((1, 1, 1, 1), bool)})
    steps = [(kind, [float(f) for f in factors]) for kind, factors in steps]
    geometric = [s for s in steps if s[0] in ("random_rotation", "random_zoom", "random_translation")]
    colors = steps[len(geometric):]
    if len(geometric) == 1:
        image = augment_one(*geometric[0], image)
    elif geometric:
        matrix = np.linalg.multi_dot([np.eye(3)] + [warp_matrix(k, f, size) for k, f in geometric])
        image = keras.ops.image.affine_transform(
            image, matrix.ravel()[None, :8].astype(np.float32), interpolation="bilinear", fill_mode="reflect")
    for kind, factors in colors:
        image = augment_one(kind, factors, image)
    return image


def write_augment():
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    out = {}
    for size in (15, 16):
        for name in SINGLE + COMPOSED:
            steps = [(s.split("=")[0], s.split("=")[1].split(",")) for s in name.split("+")]
            image = tf.constant(picture(size, 1, size, size, 3).astype(np.float32))
            out[f"{name}/{size}"] = np.asarray(augment(steps, image))[0].astype(np.float32)
    write("augment.safetensors", out)


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    parts = {"network": write_networks, "split": write_split, "resize": write_resize, "augment": write_augment}
    for part in sys.argv[1:] or parts:
        parts[part]()
