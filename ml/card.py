"""The heads' model card: written by the training command from what it measured, never by hand."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ml.agreement import Agreement
from ml.evaluation import Score
from ml.sources import Example
from ml.trained import Trained

_SOURCES = """
| source | from | licence | teaches |
|---|---|---|---|
| banking77 | PolyAI-LDN/task-specific-datasets | CC-BY-4.0 | Billing, Technical, General by an intent map in `ml/public_sources.py` |
| cfpb | US Consumer Financial Protection Bureau, complaint database | public domain | Billing and Legal in one style |
| clinc150 | clinc/oos-eval | CC-BY-3.0 | General, Billing, and what belongs nowhere |
| hadoop | av9ash/gitbugs | CC-BY-4.0 | Technical; priority as a weak hint of urgency |
| it_tickets | IT service tickets published as CC0 | CC0 | Technical (hardware) |
| vader | cjhutto/vaderSentiment ratings | MIT | mood |
| own | `ml/corpus/`, written for this project and labelled by its guide | MIT, as the project | all three |
| seeds, descriptions | `ml/seeds.py`, `ml/descriptions.py` | MIT, as the project | very short tickets; the zero-shot prior |
"""

_LIMITS = """
- English only. Other languages come back with low confidence at best.
- Own tickets are synthetic: composed one by one for this project by one guide, never sent by a customer. The figures on them are
  what to expect of tickets like them, no more; real mail is messier, and the second reader shares the authors' schooling.
- No public set marks real customer tickets as Legal or as urgent. Those labels rest on complaints and on own tickets.
- A source left out entirely (last table) shows how much a head knows a source by its style: read it as the worst case.
- S is the chance that somebody must act within minutes, calibrated on own tickets, of which {high:.0%} are high.
- Mood is read from words and embedding: dry sarcasm is often missed.
- Texts are read to 256 tokens, from the start and the end.
"""

_HOW_TO_READ = """
`own heldout` and `own heldout_b` are own tickets by two hands, in files that nothing is learned from; one public text in five
is kept for measuring, by its checksum. Category: share right, its 95 % interval, macro F1, expected calibration error, accuracy of
the 80 % surest; `elsewhere` counts as right when it comes back as General with a confidence below 0.5. Urgency: AUROC of "high"
against the rest, recall where 15 % of the rest are called high, alerts (S above 0.8), the share of them that is high and the share
of the high ones found. Mood: correlation, mean error on 1..10, and negative (below 4), neutral or positive (above 6) rightly told.
"""


_ADAPTER = (
    "`adapter.npz` is a low-rank change of the encoder's upper three layers, merged into its weights at load (`ml/adapter.py`), and "
    "the projection through which reports of one cause lie together. It was tuned on the own-written floods of "
    "`ml/corpus/floods_dev*.jsonl` and everyday tickets without any label of theirs (`ml/tuning.py`)."
)

_FLOODS = (
    "`floods.npz` is for near-duplicates: what most tickets share, that projection, and what reports of a common fault read like "
    "(`ml/floodhead.py`). "
)

HEADINGS = (
    "source", "texts", "category", "95 %", "macro F1", "ECE", "80 % surest", "urgency AUROC", "recall at 15 %", "alerts", "right",
    "found", "mood r", "mood error", "mood way", "texts/s",
)  # fmt: skip


def card(
    trained: Trained,
    learned: Sequence[Example],
    scores: Sequence[Score],
    keyword_scores: Sequence[Score],
    left_out: Mapping[str, tuple[int, int]],
    readers: Agreement,
) -> str:
    """Markdown. `scores`: on texts not learned from; `left_out`: source -> (right, n) by heads that never saw it.

    `keyword_scores`: the keyword engine on the same unseen texts.
    """
    counts = Counter(example.source for example in learned)
    own = [example for example in learned if example.source.startswith("own ") and example.urgent is not None]
    high = sum(example.urgent or 0.0 for example in own) / len(own) if own else 0.0
    heads, blend = trained.heads, trained.blend
    adapted = "+" in heads.encoder
    parts = [
        f"# Heads on {heads.encoder.split('+')[0]}",
        f"Version `{trained.version}`, for the encoder `{heads.encoder}`. Written by `python -m scripts.train`; do not edit.",
        *([_ADAPTER] if adapted else []),
        "`heads.npz` holds linear heads over the encoder's last layer and two inner ones: category (softmax over "
        f'{", ".join(heads.classes)}), urgency and pressing (logistic, "high" and "medium or high", with the word features of '
        "`ml/urgency.py`) and mood (linear, with those of `ml/mood.py`). `words.npz` holds the same on words and pairs of words. "
        "`blend.npz` says how far each is trusted, measured on own tickets that neither had learned: category "
        f"{blend.category[0]:.2f} embedding to {blend.category[1]:.2f} words, urgency {blend.urgency[0]:.2f} to "
        f"{blend.urgency[1]:.2f}, mood {blend.mood[0]:.2f} to {blend.mood[1]:.2f}. "
        f"{_FLOODS if adapted else ''}Arrays only, no pickle.",
        "## Data and licences" + _SOURCES,
        "Texts learned from: " + ", ".join(f"{name} {n}" for name, n in sorted(counts.items())) + ".",
        "## Scores on texts not learned from",
        _HOW_TO_READ.strip(),
        f"A second reader, who saw the texts of `heldout_b` shuffled and nothing else, gave {readers.category:.1%} of its "
        f"{readers.texts} tickets the same category (Cohen's kappa {readers.category_kappa:.2f}) and {readers.urgency:.1%} the same "
        f"urgency; the two moods correlate at {readers.mood_pearson:.2f}. A category figure above that would be luck.",
        table(scores),
        "## The keyword engine on the same texts",
        "The word heads alone, beside a hand-written lexicon.",
        table(keyword_scores),
        "## Scores when a whole source is left out of training",
        "The embedding's head alone.",
        "\n".join(
            ["| source | right | texts |", "|---|---|---|"]
            + [f"| {source} | {right / n:.3f} | {n} |" for source, (right, n) in left_out.items()]
        ),
        "## Limits" + _LIMITS.format(high=high).rstrip(),
    ]
    return "\n\n".join(parts) + "\n"


def table(scores: Sequence[Score]) -> str:
    """The scores as a Markdown table, without the speed: that is a machine's, not a model's."""
    lines = ["| " + " | ".join(HEADINGS[:-1]) + " |", "|---" * (len(HEADINGS) - 1) + "|"]
    lines += ["| " + " | ".join(cells(score)[:-1]) + " |" for score in scores]
    return "\n".join(lines)


def cells(score: Score) -> list[str]:
    """A score as strings under HEADINGS; a dash where nothing was measured."""
    return [
        score.source,
        str(score.texts),
        _number(score.accuracy),
        "-" if score.low is None else f"{score.low:.3f} to {score.high:.3f}",
        _number(score.macro_f1),
        _number(score.calibration_error),
        _number(score.surest),
        _number(score.urgency_auroc),
        _number(score.recall_at_15),
        "-" if score.alerts is None else str(score.alerts),
        _number(score.alerts_right, 2),
        _number(score.alerts_found, 2),
        _number(score.mood_pearson),
        _number(score.mood_error, 2),
        _number(score.mood_way, 2),
        f"{score.texts_per_s:,.0f}",
    ]


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
