"""Everything that was learned, read and asked as one: the embedding's heads, the word heads and their blend."""

from dataclasses import dataclass
from pathlib import Path

from ml.blend import BLEND_FILE, Blend
from ml.heads import WEIGHTS_FILE, Heads
from ml.reading import Reading
from ml.scores import FloatArray
from ml.spec import EngineUnavailable
from ml.wordheads import WORDS_FILE, WordHeads


def weights_folder(embedding_model: str | None) -> Path:
    """Where the heads for an embedding model, named as in the settings, are kept; None: the packaged one."""
    return WEIGHTS_FILE.parent / Path(embedding_model).name if embedding_model else WEIGHTS_FILE.parent


@dataclass(frozen=True)
class Chances:
    """Of n texts, each (n,) but `category` (n, labels asked for): see `ml.blend.Blend`."""

    category: FloatArray
    urgency: FloatArray
    pressing: FloatArray
    mood: FloatArray


@dataclass(frozen=True)
class Trained:
    """Heads that belong together."""

    heads: Heads
    words: WordHeads
    blend: Blend

    @classmethod
    def read(cls, folder: Path = WEIGHTS_FILE.parent) -> "Trained":
        """From the files of a training. EngineUnavailable where one is missing, damaged or of another training."""
        heads, blend = Heads.read(folder / WEIGHTS_FILE.name), Blend.read(folder / BLEND_FILE.name)
        words = WordHeads.read(folder / WORDS_FILE.name)
        if blend.versions != (heads.version, words.version):
            raise EngineUnavailable(
                f"The trained weights in {folder} do not belong together: run `python -m scripts.train --data DIR`."
            )
        return cls(heads, words, blend)

    def write(self, folder: Path) -> None:
        """Three files in `folder`."""
        self.heads.write(folder / WEIGHTS_FILE.name)
        self.words.write(folder / WORDS_FILE.name)
        self.blend.write(folder / BLEND_FILE.name)

    @property
    def version(self) -> str:
        """The embedding heads' and the word heads' versions."""
        return f"{self.heads.version}.{self.words.version}"

    def ask(self, seen: Reading, labels: tuple[str, ...]) -> Chances:
        """What a batch is, for `labels` the heads serve (`blend.serves`); no labels: `category` has no columns."""
        by_sight = self.heads.score(seen.views, seen.urgency_features, seen.mood_features)
        by_words = self.words.score(seen.texts, seen.urgency_features, seen.mood_features)
        return Chances(
            category=self.blend.categories(by_sight, by_words, labels),
            urgency=self.blend.urgent(by_sight, by_words),
            pressing=self.blend.presses(by_sight, by_words),
            mood=self.blend.moods(by_sight, by_words),
        )
