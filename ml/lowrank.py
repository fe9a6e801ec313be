"""Low-rank adaptation in torch: linear layers that learn a change of few columns while their own weights stand still."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ml.scores import FloatArray


class LowRank(nn.Module):
    """A frozen linear layer (out, in) plus `up` (out, rank) times `down` (rank, in); starts as the layer it was."""

    def __init__(self, layer: nn.Linear, rank: int) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(rank, layer.in_features) / layer.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, self.layer.weight + self.up @ self.down, self.layer.bias)

    def factors(self) -> tuple[FloatArray, FloatArray]:
        """(down, up) as arrays."""
        return self.down.detach().numpy().copy(), self.up.detach().numpy().copy()


def widen(module: nn.Module, rank: int) -> None:
    """Puts a LowRank in the place of every linear layer of a module, in place."""
    for name, child in list(module.named_children()):
        if isinstance(child, nn.Linear):
            setattr(module, name, LowRank(child, rank))
        else:
            widen(child, rank)


def widened(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, LowRank]]:
    """Every LowRank with the name its linear layer had, `prefix` before it."""
    for name, child in module.named_modules():
        if isinstance(child, LowRank):
            yield prefix + name, child
