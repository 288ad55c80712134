"""What scikit-learn measures, for umbel's metrics to be held to: data/metrics.json; and what SciPy says of pairs of
models: data/paired.json.

    python3 -m venv .venv
    .venv/bin/pip install scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
    .venv/bin/python golden/sklearn_golden.py
"""

import json
import pathlib
import warnings

import numpy
import scipy.stats
import sklearn
from sklearn import metrics

assert (sklearn.__version__, numpy.__version__, scipy.__version__) == ("1.9.1", "2.4.6", "1.17.1")

HERE = pathlib.Path(__file__).parent
BINS = 15
# The points of curves are kept for cases of at most so many photos.
CURVES = 60


def case(name, n, k, seed, sure, present=None, ties=False):
    """n photos of k classes; `present` are the classes that have photos."""
    random = numpy.random.default_rng(seed)
    labels = random.choice(present or k, size=n)
    logits = random.normal(size=(n, k))
    logits[numpy.arange(n), labels] += 1.2
    logits = (sure * logits).astype(numpy.float32)
    if ties:
        logits = numpy.round(logits)
    wide = logits.astype(numpy.float64)
    p = numpy.exp(wide - wide.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    return {"name": name, "n_classes": k, "labels": labels.tolist(), "logits": logits.ravel().tolist(),
            "expected": measure(labels, p, k)}


def measure(y, p, k):
    said = p.argmax(1)
    every = numpy.arange(k)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(y, said, labels=every, zero_division=0)
    truth = (y[:, None] == every).astype(float)
    both = [c for c in every if 0 < truth[:, c].sum() < len(y)]
    roc = [metrics.roc_auc_score(truth[:, c], p[:, c]) if c in both else None for c in every]
    average = [metrics.average_precision_score(truth[:, c], p[:, c]) if truth[:, c].any() else None for c in every]
    out = {
        "accuracy": metrics.accuracy_score(y, said),
        "top2_accuracy": metrics.top_k_accuracy_score(y, p if k > 2 else p[:, 1], k=2, labels=every) if k > 2 else 1.0,
        "loss": metrics.log_loss(y, p, labels=every),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, said),
        "kappa": metrics.cohen_kappa_score(y, said),
        "confusion": metrics.confusion_matrix(y, said, labels=every).tolist(),
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
        "brier": metrics.brier_score_loss(y, p if k > 2 else p[:, 1], labels=every, scale_by_half=False),
        "ece": calibration_error(y, p),
        "roc_auc": roc, "average_precision": average,
    }
    for kind in ["macro", "weighted"]:
        of = metrics.precision_recall_fscore_support(y, said, average=kind, zero_division=0)[:3]
        out[kind] = [float(value) for value in of]
    if len(y) <= CURVES:
        roc = [metrics.roc_curve(truth[:, c], p[:, c], drop_intermediate=False)[:2] if c in both else None for c in every]
        precision_recall = [metrics.precision_recall_curve(truth[:, c], p[:, c])[1::-1] if truth[:, c].any() else None
                            for c in every]
        lists = lambda curves: [curve and [axis.tolist() for axis in curve] for curve in curves]
        out |= {"roc": lists(roc), "precision_recall": lists(precision_recall)}
    if len(both) == k and k > 2:
        # The mean over the classes is scikit-learn's own one-against-the-rest.
        assert abs(metrics.roc_auc_score(y, p, multi_class="ovr", labels=every) - numpy.mean(out["roc_auc"])) < 1e-12
    return out


def calibration_error(y, p):
    """scikit-learn has none; Guo et al. (2017), bins closed on the right."""
    confidence, right = p.max(1), p.argmax(1) == y
    bins = numpy.clip(numpy.searchsorted((numpy.arange(BINS) + 1) / BINS, confidence, side="left"), 0, BINS - 1)
    gaps = [abs(confidence[bins == b].sum() - right[bins == b].sum()) for b in range(BINS)]
    return float(sum(gaps) / len(y))


def main():
    warnings.simplefilter("ignore", sklearn.exceptions.UndefinedMetricWarning)
    warnings.filterwarnings("ignore", message="y_pred contains classes not in y_true")
    cases = [
        case("five classes", 120, 5, 1, 1.0),
        case("too sure", 90, 4, 2, 4.0),
        case("two classes", 60, 2, 3, 1.5),
        case("a class without photos", 60, 4, 4, 1.0, present=[0, 1, 3]),
        case("equal probabilities", 60, 3, 5, 1.0, ties=True),
    ]
    # Where probabilities are equal, who comes first is a matter of taste.
    del cases[-1]["expected"]["top2_accuracy"]
    (HERE / "data" / "metrics.json").write_text(json.dumps(cases) + "\n")
    # The exact McNemar test is the binomial one of the photos that only one of the two is right about.
    pairs = [(0, 0), (0, 1), (0, 5), (5, 0), (3, 3), (3, 4), (7, 19), (40, 22), (100, 60), (300, 700), (5000, 5200)]
    paired = [[a, b, scipy.stats.binomtest(min(a, b), a + b, 0.5).pvalue if a + b else 1.0] for a, b in pairs]
    (HERE / "data" / "paired.json").write_text(json.dumps(paired) + "\n")


main()
