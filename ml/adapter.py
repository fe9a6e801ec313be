"""What our tuning adds to the packaged encoder: a low-rank change of its upper layers, and what its vectors are read through to
tell one cause from another.

Low-rank adaptation (LoRA, Hu et al. 2021, arXiv:2106.09685): a linear layer's weights W become W + up down. Merged at load, it costs
no time. Shipped as arrays in `weights/adapter.npz` (no pickle); trained by `ml.tuning`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.arrays import read_arrays, write_arrays
from ml.scores import FloatArray
from ml.spec import EngineUnavailable

ADAPTER_FILE = Path(__file__).with_name("weights") / "adapter.npz"
VERSION_DIGITS = 8


@dataclass(frozen=True)
class Adapter:
    """`names`: linear layers of the encoder, as `named_modules` calls them. `down` (rank, in) and `up` (out, rank) of all of them, one
    after the other, flat, float16. `projection` (d, c): from the centred sentence vector to the space of causes, float16.
    """

    encoder: str
    rank: int
    names: tuple[str, ...]
    down: NDArray[np.float16]
    up: NDArray[np.float16]
    projection: NDArray[np.float16]

    @classmethod
    def of(
        cls, encoder: str, factors: Mapping[str, tuple[FloatArray, FloatArray]], projection: FloatArray
    ) -> "Adapter":
        """From layer -> (down, up), all of one rank; one layer at least."""
        return cls(
            encoder=encoder,
            rank=next(iter(factors.values()))[0].shape[0],
            names=tuple(factors),
            down=np.concatenate([down.ravel() for down, _ in factors.values()]).astype(np.float16),
            up=np.concatenate([up.ravel() for _, up in factors.values()]).astype(np.float16),
            projection=projection.astype(np.float16),
        )

    @classmethod
    def read(cls, path: Path = ADAPTER_FILE) -> "Adapter":
        """From an .npz file. EngineUnavailable where it is missing or isn't ours."""
        values = read_arrays(path, [field.name for field in fields(cls)])
        return cls(
            encoder=str(values["encoder"]),
            rank=int(values["rank"]),
            names=tuple(str(name) for name in values["names"]),
            down=values["down"],
            up=values["up"],
            projection=values["projection"],
        )

    def write(self, path: Path = ADAPTER_FILE) -> None:
        """To an .npz file, the same bytes for the same adapter."""
        write_arrays(path, self)

    @property
    def version(self) -> str:
        """A digest of what was learned."""
        parts = (self.down, self.up, self.projection)
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()[:VERSION_DIGITS]

    def merge(self, model: Any) -> None:
        """Into the float32 weights of a transformers model, in place. EngineUnavailable where it is another model's: nothing is changed."""
        import torch

        modules = dict(model.named_modules())
        layers = [layer for name in self.names if isinstance(layer := modules.get(name), torch.nn.Linear)]
        ins, outs = [layer.in_features for layer in layers], [layer.out_features for layer in layers]
        wanted = (len(self.names), self.rank * sum(ins), self.rank * sum(outs))
        if (len(layers), self.down.size, self.up.size) != wanted:
            raise EngineUnavailable(f"The adapter of {self.encoder} does not fit the model it is merged into.")
        downs, ups = (
            np.split(flat.astype(np.float32), np.cumsum(self.rank * np.array(sizes))[:-1])
            for flat, sizes in ((self.down, ins), (self.up, outs))
        )
        with torch.no_grad():
            for layer, down, up in zip(layers, downs, ups, strict=True):
                layer.weight += torch.from_numpy(up.reshape(-1, self.rank)) @ torch.from_numpy(
                    down.reshape(self.rank, -1)
                )
