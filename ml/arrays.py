"""The files that trained weights are shipped in: arrays by name in an .npz, and no pickle."""

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ml.spec import EngineUnavailable

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def read_arrays(path: Path, names: list[str]) -> dict[str, NDArray[Any]]:
    """The named arrays of an .npz file of ours. EngineUnavailable where it is missing, damaged or another file."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in names}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise EngineUnavailable(
            f"The trained weights at {path} are missing or damaged: run `python -m scripts.train --data DIR`."
        ) from error


def write_arrays(path: Path, weights: "DataclassInstance") -> None:
    """Every field of `weights` under its name; the same bytes for the same weights. Folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {field.name: np.asarray(getattr(weights, field.name)) for field in fields(weights)}
    np.savez(path, **arrays)
