"""`python -m ml.yardstick`: what the worker with the real model is measured against (`scripts.bench model`).

bare    the same encoder's pass over the same texts and nothing else: no heads, no reasons, no process between, no Redis
plain   the same weights as anybody would run them: float32, batches of 32 in the order they come, mean pooling

Texts come as a JSON list on stdin; {"bare": texts a second, "plain": ...} goes to stdout, loading and warming up left out.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from ml.encoder import Encoder, packaged_folder
from ml.text import MAX_TOKENS

# As many as a worker takes at once.
BARE_BATCH = 16
# The default of sentence-transformers, which most would use.
PLAIN_BATCH = 32


def _bare(threads: int) -> Callable[[list[str]], object]:
    return Encoder.load(None, threads=threads).encode


def _plain(threads: int) -> Callable[[list[str]], object]:
    import torch
    from transformers import AutoModel, AutoTokenizer

    torch.set_num_threads(threads)
    tokenizer: Any = AutoTokenizer.from_pretrained(packaged_folder(), local_files_only=True)
    model: Any = AutoModel.from_pretrained(packaged_folder(), local_files_only=True, dtype=torch.float32).eval()

    def encode(texts: list[str]) -> object:
        with torch.no_grad():
            tokens = tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
            mask = tokens["attention_mask"].unsqueeze(-1)
            return ((model(**tokens).last_hidden_state * mask).sum(1) / mask.sum(1)).numpy()

    return encode


def _per_s(encode: Callable[[list[str]], object], texts: list[str], batch: int) -> float:
    encode(texts[:batch])
    began = time.perf_counter()
    for start in range(0, len(texts), batch):
        encode(texts[start : start + batch])
    return len(texts) / (time.perf_counter() - began)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ml.yardstick", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    threads = parser.parse_args().threads
    texts: list[str] = json.load(sys.stdin)
    said = {
        "bare": _per_s(_bare(threads), texts, BARE_BATCH),
        "plain": _per_s(_plain(threads), texts, PLAIN_BATCH),
    }
    sys.stdout.write(json.dumps(said) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
