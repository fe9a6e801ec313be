"""The encoder cut in two: a lower part that stands still and is run once a text, and upper layers that are tuned."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ml.encoder import DEPTHS
from ml.lowrank import widen, widened
from ml.scores import FloatArray

# Longer texts say what broke in their first words; the rest costs time and room for nothing.
MAX_TOKENS = 128
# Texts of like length that are run together.
PORTION = 32
# The first of the layers that are tuned (of six). Members were told from near-misses of unseen floods by .50 to .69 of area before, by .63
# to .81 with the last layer tuned, by .90 to .92 with three (of 98 floods).
FIRST = 3


@dataclass(frozen=True)
class Lower:
    """Texts after the lower part: a (tokens, d) of each, and the views (n, layers, d) that the untuned encoder has of them."""

    states: list[Tensor]
    views: Tensor

    def take(self, rows: Sequence[int]) -> "Lower":
        return Lower([self.states[row] for row in rows], self.views[list(rows)])

    def __add__(self, other: "Lower") -> "Lower":
        return Lower(self.states + other.states, torch.cat([self.views, other.views]))


class UpperLayers:
    """The tuned layers of a BERT-like encoder, in bfloat16 with float32 weights. Not safe for several threads at once."""

    def __init__(self, folder: Path, *, rank: int, dropout: float) -> None:
        from transformers import AutoModel, AutoTokenizer

        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model: Any = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()
        self.layers = nn.ModuleList(copy.deepcopy(self._model.encoder.layer[FIRST:]))
        self.layers.requires_grad_(False)
        widen(self.layers, rank)
        for module in self.layers.modules():
            if isinstance(module, nn.Dropout):
                module.p = dropout
        count = self._model.config.num_hidden_layers
        # The layers whose views others read: they are to stay as they were.
        self._viewed = [depth for depth in (count * n // DEPTHS for n in range(1, DEPTHS + 1)) if depth > FIRST]

    def parameters(self) -> list[nn.Parameter]:
        """What is learned."""
        return [each for each in self.layers.parameters() if each.requires_grad]

    def factors(self) -> dict[str, tuple[FloatArray, FloatArray]]:
        """Layer name in the whole model -> (down, up)."""
        found: dict[str, tuple[FloatArray, FloatArray]] = {}
        for name, layer in widened(self.layers):
            at, rest = name.split(".", 1)
            found[f"encoder.layer.{FIRST + int(at)}.{rest}"] = layer.factors()
        return found

    def lower(self, texts: Sequence[str]) -> Lower:
        """What the tuned layers start from."""
        states: list[Tensor] = [torch.empty(0)] * len(texts)
        views = torch.zeros(len(texts), len(self._viewed), self._model.config.hidden_size)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        with torch.inference_mode():
            for at in range(0, len(order), PORTION):
                rows = order[at : at + PORTION]
                tokens = self._tokenizer(
                    [texts[i] for i in rows], truncation=True, max_length=MAX_TOKENS, padding=True, return_tensors="pt"
                )
                with torch.autocast("cpu", torch.bfloat16):
                    hidden = self._model(**tokens, output_hidden_states=True).hidden_states
                mask = tokens["attention_mask"].float()
                for n, depth in enumerate(self._viewed):
                    views[rows, n] = _pooled(hidden[depth].float(), mask)
                for i, row in enumerate(rows):
                    states[row] = hidden[FIRST][i, : int(mask[i].sum())].float().clone()
        return Lower(states, views)

    def __call__(self, states: Sequence[Tensor]) -> Tensor:
        """Views (n, layers, d) of texts by the layers as they are now, the sentence vector last."""
        order = sorted(range(len(states)), key=lambda i: len(states[i]))
        found = [self._run([states[i] for i in order[at : at + PORTION]]) for at in range(0, len(order), PORTION)]
        back = torch.empty(len(order), dtype=torch.long)
        back[order] = torch.arange(len(order))
        return torch.cat(found)[back]

    def _run(self, states: list[Tensor]) -> Tensor:
        x = nn.utils.rnn.pad_sequence(states, batch_first=True)
        mask = nn.utils.rnn.pad_sequence([torch.ones(len(each)) for each in states], batch_first=True)
        barred = ((1 - mask) * torch.finfo(torch.bfloat16).min)[:, None, None, :].to(torch.bfloat16)
        views = []
        for depth, layer in enumerate(self.layers, start=FIRST + 1):
            with torch.autocast("cpu", torch.bfloat16):
                out = layer(x, barred)
            x = out[0] if isinstance(out, tuple) else out
            if depth in self._viewed:
                views.append(_pooled(x.float(), mask))
        return torch.stack(views, dim=1)


def _pooled(hidden: Tensor, mask: Tensor) -> Tensor:
    """Unit mean (n, d) over each text's own tokens."""
    total = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
    return nn.functional.normalize(total, dim=1)
