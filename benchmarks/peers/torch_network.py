"""The tutorial's network in PyTorch: takes 0..255, gives logits."""
import torch
from torch import nn


class Network(nn.Module):
    def __init__(self, classes=5):
        super().__init__()
        blocks, channels = [], 3
        for filters in (16, 32, 64):
            blocks += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            channels = filters
        head = [nn.Dropout(0.2), nn.Flatten(), nn.Linear(64 * 22 * 22, 128), nn.ReLU(), nn.Linear(128, classes)]
        self.layers = nn.Sequential(*blocks, *head)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images * (1 / 255.0))
