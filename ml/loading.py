"""Models by hub name or folder: the way in that all of them share, and one kind of sentence when it is closed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml.spec import EngineUnavailable


def load_model(setting: str, model: str, load: Callable[[bool], Any], *, threads: int) -> Any:
    """What `load(local)` gives, on `threads` threads; `local`: it is a folder here, and the network is not touched.

    Raises EngineUnavailable, naming the `setting`, where that fails.
    """
    import torch
    from transformers.utils import logging as transformers_logging

    torch.set_num_threads(threads)
    quiet: Any = transformers_logging
    quiet.disable_progress_bar()
    local = Path(model).is_dir()
    looks_local = model.startswith(("/", "./", "../", "~")) or Path(model).is_absolute()
    if looks_local and not local:
        raise EngineUnavailable(
            f"{setting} {model!r} is no folder here: give the folder of a saved model or a hub name."
        )
    try:
        return load(local)
    except Exception as error:  # the loaders raise dozens of types; all mean "this model isn't usable here"
        raise EngineUnavailable(
            f"{setting} {model!r} could not be loaded ({type(error).__name__}): check the name, download it once where "
            "there is hub access, or give the folder of a saved model."
        ) from error
