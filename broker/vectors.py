"""Unit vectors in Redis and in memory. Vectors compare only inside one space: the output of one version of one engine."""

import base64
import json

import numpy as np
from numpy.typing import NDArray

from broker.bars import Mark


def pack(space: str, vector: NDArray[np.float32]) -> str:
    """Float16 halves the bytes; cosines move by less than .001."""
    return json.dumps([space, base64.b64encode(vector.astype(np.float16).tobytes()).decode()])


def unpack(packed: str) -> tuple[str, NDArray[np.float32]]:
    space, vector = json.loads(packed)
    return space, np.frombuffer(base64.b64decode(vector), np.float16).astype(np.float32)


def pack_mark(leader: str, mark: Mark) -> str:
    """An exemplar of `leader`'s group; group.lua writes another leader in front where groups merge."""
    bars = [round(bar, 4) for bar in (mark.threshold, mark.lone, mark.doubt)]
    return json.dumps([leader, pack(mark.space, mark.vector), *bars])


def unpack_mark(packed: str) -> tuple[str, Mark]:
    leader, fingerprint, *bars = json.loads(packed)
    return leader, Mark(*unpack(fingerprint), *bars)


class Space:
    """Ids with unit vectors of shape (width,) in one growing float32 matrix, so that comparing is a single product."""

    def __init__(self, width: int) -> None:
        self.ids: list[str] = []
        self._rows = np.zeros((64, width), np.float32)

    def add(self, name: str, vector: NDArray[np.float32]) -> None:
        if len(self.ids) == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._rows[len(self.ids)] = vector
        self.ids.append(name)

    def drop(self, name: str) -> None:
        if name in self.ids:
            place = self.ids.index(name)
            self.ids[place] = self.ids[-1]
            self._rows[place] = self._rows[len(self.ids) - 1]
            self.ids.pop()

    def nearest(self, vector: NDArray[np.float32], threshold: float) -> tuple[str, float] | None:
        """The id with the highest cosine and that cosine, if it reaches `threshold`."""
        if not self.ids:
            return None
        cosines = self._rows[: len(self.ids)] @ vector
        best = int(np.argmax(cosines))
        return (self.ids[best], float(cosines[best])) if cosines[best] >= threshold else None
