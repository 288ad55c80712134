#!/usr/bin/env python3
"""Fine-tuning EfficientNet-Lite0 in PyTorch: batch norm frozen, everything else trained, as `umbel train --tune all` does.

    pip install -r requirements-torch.txt
    python finetune_torch.py step [--weights FILE] [--batch 32] [--threads 2] [--seconds 5] [--precision f32|bf16] [--compile]
    python finetune_torch.py train --weights FILE --data FOLDER --split SPLIT.csv [--epochs 5] [--head-epochs 1]
        [--lr 5e-4] [--head-lr 5e-3] [--weight-decay 0.05] [--seed 1] ...

`step` times one step on one batch in memory. `train` fits the head, then everything, on the photos that SPLIT.csv (one of an
umbel run: path,class,part) calls train, and tells images/s of every epoch and the accuracy on the part called val. The
weights are in lukemelas' names (`_conv_stem`, `_blocks.0._bn1`, ...); without them they are random. Channels last, which is
PyTorch's fastest on a CPU for this network without a compiler. Where glibc allocates, MALLOC_MMAP_MAX_=0 and
MALLOC_TRIM_THRESHOLD_=100000000000 in the environment can make it twice as fast.
"""
import json, time

import numpy as np

from measure import CLASSES, arguments, report

ap = arguments(["step", "train"], __doc__)
ap.add_argument("--weights")
ap.add_argument("--data")
ap.add_argument("--split")
ap.add_argument("--image-size", type=int, default=224)
ap.add_argument("--epochs", type=int, default=5)
ap.add_argument("--head-epochs", type=int, default=1)
ap.add_argument("--lr", type=float, default=5e-4)
ap.add_argument("--head-lr", type=float, default=5e-3)
ap.add_argument("--weight-decay", type=float, default=0.05)
ap.add_argument("--seed", type=int, default=1)
ap.add_argument("--compile", action="store_true")
a = ap.parse_args()

import timm
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

torch.set_num_threads(a.threads)
torch.manual_seed(a.seed)
autocast = lambda: torch.autocast("cpu", torch.bfloat16, enabled=a.precision == "bf16")


def from_lukemelas(model, tensors):
    """The file's tensors in timm's names: blocks are counted through, and norms from the widening convolution on."""
    names, number, last = {}, -1, None
    for name in model.state_dict():
        module, _, weight = name.rpartition(".")
        if weight == "num_batches_tracked":
            continue
        parts = module.split(".")
        if parts[0] == "blocks":
            if parts[:3] != last:
                last, number = parts[:3], number + 1
            widens = hasattr(model.get_submodule(".".join(last)), "conv_pwl")
            inside = {"conv_dw": "_depthwise_conv", "conv_pwl": "_project_conv",
                      "conv_pw": "_expand_conv" if widens else "_project_conv"}.get(parts[3])
            inside = inside or f"_bn{int(parts[3][2:]) - (1 if widens else 0)}"
            names[name] = f"_blocks.{number}.{inside}.{weight}"
        else:
            outside = {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1", "classifier": "_fc"}
            names[name] = f"{outside[module]}.{weight}"
    wanted = {ours: tensors[theirs] for ours, theirs in names.items() if not ours.startswith("classifier")}
    missing = model.load_state_dict(wanted, strict=False).missing_keys
    assert all(name.startswith("classifier") or name.endswith("num_batches_tracked") for name in missing), missing


def network(classes):
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=classes)
    if a.weights:
        from_lukemelas(model, load_file(a.weights))
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.requires_grad_(False)
    return model.to(memory_format=torch.channels_last).eval()  # eval: batch norm with its moving statistics; no dropout here


def prepared(images):
    """`[n, height, width, 3]` in 0..=255 to what the network takes, channels last in memory."""
    return ((images.float() - 127) / 128).permute(0, 3, 1, 2)


class Trainer:
    def __init__(self, model, groups):
        self.model, self.run = model, torch.compile(model) if a.compile else model
        self.optimizer = torch.optim.AdamW(groups, weight_decay=a.weight_decay, fused=True)

    def step(self, images, labels):
        self.optimizer.zero_grad(set_to_none=True)
        with autocast():
            loss = F.cross_entropy(self.run(images), labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def groups(model, rate, head_rate):
    head = list(model.classifier.parameters())
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    fixed = {id(p) for module in [model.classifier, *norms] for p in module.parameters()}
    body = [p for p in model.parameters() if id(p) not in fixed]
    for p in body:
        p.requires_grad_(rate is not None)
    return [{"params": head, "lr": head_rate}] + ([{"params": body, "lr": rate}] if rate is not None else [])


def measure_step():
    random = np.random.default_rng(123)
    images = torch.from_numpy(random.integers(0, 256, (a.batch, a.image_size, a.image_size, 3), dtype=np.uint8))
    labels = torch.from_numpy(random.integers(0, CLASSES, a.batch))
    model = network(CLASSES)
    trainer = Trainer(model, groups(model, a.lr, a.lr))
    report(a, f"torch {torch.__version__}", lambda: trainer.step(prepared(images), labels))


def photos():
    """Photos and labels of both parts, stretched to the network's size."""
    import csv, pathlib

    from PIL import Image

    rows = list(csv.DictReader(open(a.split)))
    classes = sorted({row["class"] for row in rows})
    parts = {}
    for part in ("train", "val"):
        chosen = [row for row in rows if row["part"] == part]
        size = (a.image_size, a.image_size)
        read = lambda row: np.asarray(Image.open(pathlib.Path(a.data) / row["path"]).convert("RGB").resize(size, Image.BILINEAR))
        parts[part] = torch.from_numpy(np.stack([read(row) for row in chosen])), torch.tensor([classes.index(row["class"]) for row in chosen])
    return classes, parts


def augmented(images):
    """Flips, and up to a tenth of rotation, zoom and shift, in one interpolation."""
    n = len(images)
    u = lambda low, high: torch.empty(n).uniform_(low, high)
    angle, zoom, flip = u(-0.2, 0.2), u(0.9, 1.1), torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    c, s = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    theta = torch.stack([torch.stack([c * flip, -s, u(-0.1, 0.1)], 1), torch.stack([s * flip, c, u(-0.1, 0.1)], 1)], 1)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False).contiguous(memory_format=torch.channels_last)


def accuracy(model, images, labels):
    hits = 0
    with torch.inference_mode(), autocast():
        for first in range(0, len(labels), a.batch):
            hits += (model(prepared(images[first:first + a.batch])).argmax(1) == labels[first:first + a.batch]).sum().item()
    return hits / len(labels)


def train():
    classes, parts = photos()
    images, labels = parts["train"]
    model = network(len(classes))
    for stage, epochs in (("head", a.head_epochs), ("all", a.epochs)):
        trainer = Trainer(model, groups(model, a.lr if stage == "all" else None, a.head_lr if stage == "head" else a.lr))
        total, done = epochs * -(-len(labels) // a.batch), 0
        rates = [group["lr"] for group in trainer.optimizer.param_groups]
        for epoch in range(epochs):
            began, order, losses = time.perf_counter(), torch.randperm(len(labels)), []
            for first in range(0, len(order), a.batch):
                for group, rate in zip(trainer.optimizer.param_groups, rates):
                    group["lr"] = rate * (1 + np.cos(np.pi * done / total)) / 2
                chosen = order[first:first + a.batch]
                losses.append(trainer.step(augmented(prepared(images[chosen])), labels[chosen]))
                done += 1
            seconds = time.perf_counter() - began
            print(json.dumps({"stage": stage, "epoch": epoch + 1, "loss": float(np.mean(losses)), "seconds": seconds,
                              "images_per_second": len(labels) / seconds, "val_accuracy": accuracy(model, *parts["val"])}), flush=True)


if a.what == "step":
    measure_step()
else:
    if not (a.weights and a.data and a.split):
        ap.error("train needs --weights, --data and --split")
    train()
