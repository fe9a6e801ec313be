"""The keyword engine's fingerprint: a hashed bag of stems, for near-duplicates without a model."""

import math
import zlib

import numpy as np

from ml.text import HEAD_CHARS, STOP_WORDS, clip, stem, words
from ml.verdict import Fingerprint

SPACE_DIMS = 512
# Bags of stems are spikier than sentence vectors: paraphrases share half their words, copies with another name 0.8.
SPACE_THRESHOLD = 0.75
SPACE = f"keywords-stems-{SPACE_DIMS}-1"
# "Server outage broken login" must group; "Help me" must not.
MIN_CONTENT_WORDS = 3


def fingerprint(text: str) -> Fingerprint | None:
    """A bag of stems hashed to SPACE_DIMS dimensions, sublinear counts; None below MIN_CONTENT_WORDS different words."""
    counts: dict[str, int] = {}
    for word in words(clip(text, HEAD_CHARS, 0)):
        if word not in STOP_WORDS:
            counts[stem(word)] = counts.get(stem(word), 0) + 1
    if len(counts) < MIN_CONTENT_WORDS:
        return None
    vector = np.zeros(SPACE_DIMS, dtype=np.float32)
    for word, count in counts.items():
        digest = zlib.crc32(word.encode())  # the built-in hash differs from process to process
        vector[digest % SPACE_DIMS] += (1 if digest & 0x80000000 else -1) * (1 + math.log(count))
    length = float(np.linalg.norm(vector))
    return Fingerprint(SPACE, vector / np.float32(length), SPACE_THRESHOLD) if length > 0 else None
