"""The heads' model card: written by the training command from what it measured, never by hand."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ml.evaluation import Score
from ml.heads import Heads
from ml.sources import Example

_SOURCES = """
| source | from | licence | teaches |
|---|---|---|---|
| banking77 | PolyAI-LDN/task-specific-datasets | CC-BY-4.0 | Billing, Technical, General by an intent map in `ml/sources.py` |
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
- Own tickets follow one guide and a few hands; the figures on them are what to expect of tickets like them, no more.
- No public set marks real customer tickets as Legal or as urgent. Those labels rest on complaints and on own tickets.
- A source left out entirely (last table) shows how much a head knows a source by its style: read it as the worst case.
- S is the chance that somebody must act within minutes, calibrated on own tickets, of which {high:.0%} are high.
- Mood is read from words and embedding: dry sarcasm is often missed.
- Texts are read to 256 tokens, from the start and the end.
"""


def card(
    heads: Heads,
    learned: Sequence[Example],
    scores: Sequence[Score],
    keyword_scores: Sequence[Score],
    left_out: Mapping[str, tuple[int, int]],
) -> str:
    """Markdown. `scores`: on texts not learned from; `left_out`: source -> (right, n) by heads that never saw it.

    `keyword_scores`: the keyword engine on the same unseen texts.
    """
    counts = Counter(example.source for example in learned)
    own = [example for example in learned if example.source.startswith("own ") and example.urgent is not None]
    high = sum(example.urgent or 0.0 for example in own) / len(own) if own else 0.0
    parts = [
        "# Heads on all-MiniLM-L6-v2",
        f"Version `{heads.version}`, for the encoder `{heads.encoder}`. Written by `python -m scripts.train`; do not edit.",
        "`heads.npz` holds three linear heads over the encoder's last layer and two inner ones: category (softmax over "
        f"{', '.join(heads.classes)}; temperature {heads.temperature:.2f}), urgency (logistic, with the word features of "
        "`ml/urgency.py`) and mood (linear, with those of `ml/mood.py`). Arrays only, no pickle.",
        "## Data and licences" + _SOURCES,
        "Texts learned from: " + ", ".join(f"{name} {n}" for name, n in sorted(counts.items())) + ".",
        "## Scores on texts not learned from",
        "One public text in five is kept for this. `own` is five-fold cross-validation over the own tickets, which come "
        "in families by the same few hands, so that figure flatters. `held out` are own tickets never learned from. "
        "Intervals are 95 %. `elsewhere` counts as right when it comes back as General with a confidence below 0.5. "
        "Alerts: texts with S above 0.8, and the share of them that is high.",
        table(scores),
        "## The keyword engine on the same texts",
        "Word weights in `words.npz` (`ml/wordtraining.py`), learned from the same texts, beside a hand-written lexicon.",
        table(keyword_scores),
        "## Scores when a whole source is left out of training",
        "\n".join(
            ["| source | right | texts |", "|---|---|---|"]
            + [f"| {source} | {right / n:.3f} | {n} |" for source, (right, n) in left_out.items()]
        ),
        "## Limits" + _LIMITS.format(high=high).rstrip(),
    ]
    return "\n\n".join(parts) + "\n"


def table(scores: Sequence[Score]) -> str:
    """The scores as a Markdown table."""
    lines = [
        "| source | texts | category | 95 % | urgency AUROC | alerts | right | mood r | mood error |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += ["| " + " | ".join(cells(score)[:9]) + " |" for score in scores]
    return "\n".join(lines)


def cells(score: Score) -> list[str]:
    """A score as nine strings and its speed; a dash where nothing was measured."""
    span = "-" if score.low is None else f"{score.low:.3f} to {score.high:.3f}"
    return [
        score.source,
        str(score.texts),
        _number(score.accuracy),
        span,
        _number(score.urgency_auroc),
        "-" if score.alerts is None else str(score.alerts),
        _number(score.alerts_right, 2),
        _number(score.mood_pearson),
        _number(score.mood_error, 2),
        f"{score.texts_per_s:,.0f}",
    ]


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
