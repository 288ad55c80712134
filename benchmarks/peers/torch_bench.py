#!/usr/bin/env python3
"""The tutorial's network in PyTorch, eager, channels last (its fastest without a compiler), on one batch in memory.

    pip install -r requirements-torch.txt
    python torch_bench.py step|infer [--batch 32] [--threads 2] [--seconds 5] [--precision f32|bf16]
"""
from measure import arguments, pictures, report

a = arguments(["step", "infer"], __doc__).parse_args()

import torch

from torch_network import Network

torch.set_num_threads(a.threads)
torch.manual_seed(1)
images, labels = pictures(a.batch)
images = torch.from_numpy(images).permute(0, 3, 1, 2)  # stays channels last in memory
labels = torch.from_numpy(labels)
model = Network().to(memory_format=torch.channels_last)
autocast = lambda: torch.autocast("cpu", torch.bfloat16, enabled=a.precision == "bf16")

if a.what == "step":
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    loss_of = torch.nn.CrossEntropyLoss()

    def run():
        optimizer.zero_grad(set_to_none=True)
        with autocast():
            loss = loss_of(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()
else:
    model.eval()

    def run():
        with torch.inference_mode(), autocast():
            return model(images)[0, 0].item()


report(a, f"torch {torch.__version__}", run)
