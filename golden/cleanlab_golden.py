"""Which labels cleanlab disputes, for umbel's rule to be held to: data/disputes.json.

    python3 -m venv .venv
    .venv/bin/pip install cleanlab==2.9.0 numpy==2.4.6
    .venv/bin/python golden/cleanlab_golden.py
"""

import json
import pathlib

import cleanlab
import numpy
from cleanlab.filter import find_label_issues

assert (cleanlab.__version__, numpy.__version__) == ("2.9.0", "2.4.6")


def case(name, n, k, seed, skill, swapped, shares=None):
    """n photos of k classes that are told with some skill; this share of the labels is wrong."""
    random = numpy.random.default_rng(seed)
    truth = random.choice(k, size=n, p=shares)
    truth[:k] = numpy.arange(k)
    logits = random.normal(size=(n, k))
    logits[numpy.arange(n), truth] += skill
    p = numpy.exp(logits - logits.max(1, keepdims=True))
    p = numpy.round(p / p.sum(1, keepdims=True), 6)
    labels = truth.copy()
    wrong = random.random(n) < swapped
    wrong[:k] = False
    labels[wrong] = (labels[wrong] + random.integers(1, k, wrong.sum())) % k
    disputed = find_label_issues(labels, p, filter_by="both", return_indices_ranked_by="self_confidence", n_jobs=1)
    own = p[numpy.arange(n), labels]
    assert len(set(own[disputed])) == len(disputed), "of equals, the order is anybody's"
    return {"name": name, "n_classes": k, "labels": labels.tolist(), "probabilities": p.ravel().tolist(),
            "disputed": [int(row) for row in disputed]}


CASES = [
    case("two classes", 80, 2, 1, 2.0, 0.1),
    case("five classes", 200, 5, 2, 3.0, 0.05),
    case("half of them wrong", 150, 4, 3, 2.5, 0.4),
    case("none wrong", 120, 3, 4, 5.0, 0.0),
    case("little skill", 150, 5, 5, 0.7, 0.1),
    case("uneven", 200, 3, 6, 2.5, 0.08, [0.8, 0.15, 0.05]),
    case("a few of many classes", 120, 20, 7, 4.0, 0.1),
]
path = pathlib.Path(__file__).parent / "data" / "disputes.json"
path.write_text(json.dumps(CASES, separators=(",", ":")) + "\n")
print(f"{path}: " + ", ".join(f"{c['name']} {len(c['disputed'])}" for c in CASES))
