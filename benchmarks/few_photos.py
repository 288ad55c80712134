"""How a last layer does with few photos, and with classes of unequal size: the figures of RESULTS.md, "Few photos" and "Uneven classes".

    umbel train flowers --pretrained efficientnet_lite0.safetensors --tune head --cache CACHE
    python benchmarks/few_photos.py few    CACHE/*.umbel-rows flowers PHOTOS CLASSES DRAWS
    python benchmarks/few_photos.py uneven CACHE/*.umbel-rows flowers COMMON RATIO DRAWS

Needs numpy and scipy (made with 2.4.6 and 1.17.1). It does on the rows of the cache what umbel does: multinomial logistic regression with
L2, features of one deviation together, five folds, and judges on all photos that were not drawn. The folder's photos must all be usable.
"""

import itertools
import os
import struct
import sys

import numpy as np
from scipy.optimize import minimize, minimize_scalar

STRENGTHS = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001]
PATIENCE = 4
DEVIATION, LEAST_MISTAKES, LEAST_IMAGES = 0.3, 10, 50


def load(rows, folder):
    data = open(rows, "rb").read()
    width, n = struct.unpack("<QQ", data[8:24])
    features = np.frombuffer(data, np.float32, offset=len(data) - 4 * width * n).reshape(n, width)[:, :1280].astype(float)
    classes = sorted(name for name in os.listdir(folder) if os.path.isdir(os.path.join(folder, name)))
    labels = np.concatenate([[k] * len(os.listdir(os.path.join(folder, name))) for k, name in enumerate(classes)])
    assert len(labels) == n, "not every photo has a row"
    return features, labels, len(classes)


def log_softmax(logits):
    logits = logits - logits.max(1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def loss(logits, labels):
    return -log_softmax(logits)[np.arange(len(labels)), labels].mean()


class Layer:
    """Each fit starts from the one before it."""

    def __init__(self, x, y, k):
        self.mean, self.scale, self.k = x.mean(0), 1 / np.sqrt(x.var(0).mean()), k
        z = (x - self.mean) * self.scale
        # The solution lies in the span of the photos.
        self.basis = np.linalg.qr(z.T)[0] if len(z) < z.shape[1] else None
        self.z = z if self.basis is None else z @ self.basis
        self.truth, self.point = np.eye(k)[y], np.zeros((self.z.shape[1] + 1) * k)

    def fit(self, strength):
        def value(point):
            weights, bias = point[: -self.k].reshape(-1, self.k), point[-self.k :]
            logs = log_softmax(self.z @ weights + bias)
            away = (np.exp(logs) - self.truth) / len(logs)
            total = -(self.truth * logs).sum() / len(logs) + strength * (weights**2).sum() / 2
            return total, np.concatenate([(self.z.T @ away + strength * weights).ravel(), away.sum(0)])

        options = {"maxiter": 500, "gtol": 1e-5, "ftol": 1e-7, "maxcor": 20}
        self.point = minimize(value, self.point, jac=True, method="L-BFGS-B", options=options).x
        return self

    def logits(self, x):
        z = (x - self.mean) * self.scale
        z = z if self.basis is None else z @ self.basis
        return z @ self.point[: -self.k].reshape(-1, self.k) + self.point[-self.k :]


def temperature(logits, labels, deviation=None, mistakes=1, images=1):
    if (logits.argmax(1) != labels).sum() < mistakes or len(labels) < images:
        return 1.0
    cost = (lambda u: u * u / (2 * deviation**2)) if deviation else (lambda u: 0.0)
    value = lambda u: len(labels) * loss(logits / np.exp(u), labels) + cost(u)
    grid = np.linspace(np.log(0.05), np.log(20), 61)
    at = int(np.argmin([value(u) for u in grid]))
    around = (grid[max(at - 1, 0)], grid[min(at + 1, 60)])
    return float(np.exp(minimize_scalar(value, bounds=around, method="bounded").x))


def folds(labels, random):
    fold, taken = np.zeros(len(labels), int), 0
    for k in np.unique(labels):
        own = random.permutation(np.flatnonzero(labels == k))
        fold[own] = (np.arange(len(own)) + taken) % 5
        taken += len(own)
    return fold


def out_of_fold(x, y, k, fold):
    logits = np.zeros((len(STRENGTHS), len(y), k))
    for f in np.unique(fold):
        layer = Layer(x[fold != f], y[fold != f], k)
        for s, strength in enumerate(STRENGTHS):
            logits[s][fold == f] = layer.fit(strength).logits(x[fold == f])
    return logits


def chosen(losses):
    best = 0
    for s, value in enumerate(losses):
        best = s if value < losses[best] else best
        if s - best >= PATIENCE:
            break
    return best


def few(x, y, classes, photos, k, draws, add):
    pairs = list(itertools.combinations(range(classes), 2))
    for draw in range(draws):
        random = np.random.default_rng(1000 * photos + draw)
        names = list(range(classes)) if k > 2 else list(pairs[draw % len(pairs)])
        own = np.isin(y, names)
        features, labels = x[own], np.searchsorted(names, y[own])
        each = [photos // k + (c < photos % k) for c in range(k)]
        drawn = np.concatenate([random.permutation(np.flatnonzero(labels == c))[: each[c]] for c in range(k)])
        rest = random.permutation(np.setdiff1d(np.arange(len(labels)), drawn))[:1000]
        tx, ty, ex, ey = features[drawn], labels[drawn], features[rest], labels[rest]
        fold = folds(ty, random)
        told, layer = out_of_fold(tx, ty, k, fold), Layer(tx, ty, k)
        unseen = [layer.fit(strength).logits(ex) for strength in STRENGTHS]
        now = dict(deviation=DEVIATION, mistakes=LEAST_MISTAKES, images=LEAST_IMAGES)
        best = chosen([loss(z, ty) for z in told])
        t = temperature(told[best], ty, **now)
        add("five folds: accuracy", (unseen[best].argmax(1) == ey).mean())
        add("five folds: told", (told[best].argmax(1) == ty).mean())
        add("loss, no temperature", loss(unseen[best], ey))
        add("loss, temperature as umbel fits it", loss(unseen[best] / t, ey))
        add("loss, temperature without prior or limits", loss(unseen[best] / temperature(told[best], ty), ey))
        calibrated = [temperature(z, ty, **now) for z in told]
        after = chosen([loss(z / t, ty) for z, t in zip(told, calibrated)])
        add("loss, strength chosen after calibration", loss(unseen[after] / calibrated[after], ey))
        # A fifth validates: the best accuracy, and a temperature from one mistake on.
        held = fold == 0
        part = Layer(tx[~held], ty[~held], k)
        both = [(part.fit(strength).logits(tx[held]), part.logits(ex)) for strength in STRENGTHS]
        s = int(np.argmax([(z.argmax(1) == ty[held]).mean() for z, _ in both]))
        add("a fifth validates: accuracy", (both[s][1].argmax(1) == ey).mean())
        add("a fifth validates: loss", loss(both[s][1] / temperature(both[s][0], ty[held]), ey))


def uneven(x, y, classes, common, ratio, draws, add):
    rare = max(2, round(common / ratio))
    for (a, b), draw in itertools.product(itertools.combinations(range(classes), 2), range(draws)):
        random = np.random.default_rng(draw)
        a, b = (random.permutation(np.flatnonzero(y == c)) for c in (a, b))
        n = min(len(a) - common, len(b) - rare, 150)
        if n < 20:
            continue
        tx, ty = x[np.r_[a[:common], b[:rare]]], np.repeat([0, 1], [common, rare])
        ex, ey = x[np.r_[a[common:][:n], b[rare:][:n]]], np.repeat([0, 1], n)
        share = np.log(np.array([common, rare]) / (common + rare))
        weight = (common + rare) / (2 * np.array([common, rare]))[ty]
        told, layer = out_of_fold(tx, ty, 2, folds(ty, random)), Layer(tx, ty, 2)
        unseen = [layer.fit(strength).logits(ex) for strength in STRENGTHS]
        for name, by, weights in (("as it is", 0, 1), ("balanced", 1, weight)):
            each = lambda z: -(weights * log_softmax(z - by * share)[np.arange(len(ty)), ty]).mean()
            right = (unseen[chosen([each(z) for z in told])] - by * share).argmax(1) == ey
            recall = right[ey == 0].mean(), right[ey == 1].mean()
            add(f"{name}: mean of both classes", sum(recall) / 2)
            add(f"{name}: recall of the rare one", recall[1])
            add(f"{name}: photos as uneven as those", (common * recall[0] + rare * recall[1]) / (common + rare))


if __name__ == "__main__":
    what, rows, folder, *numbers = sys.argv[1:]
    figures = {}
    {"few": few, "uneven": uneven}[what](*load(rows, folder), *map(int, numbers), lambda k, v: figures.setdefault(k, []).append(v))
    for name, values in figures.items():
        print(f"{name:45} {np.mean(values):.4f} ± {np.std(values) / len(values) ** 0.5:.4f} ({len(values)} draws)")
