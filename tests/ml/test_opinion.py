"""The second reader, on real tiny NLI models: one that knows its words, one with random weights."""

import math

import pytest

from ml.engines import EngineUnavailable, build_second_reader
from ml.opinion import Opinion, SecondReader, flaw
from ml.spec import EngineSpec
from ml.verdict import TicketText
from tests.ml import tiny_models

LABELS = tuple(tiny_models.TAUGHT)


def spec(model: str | None) -> EngineSpec:
    return EngineSpec(categories=tiny_models.told_lines(), zero_shot_model=model, threads=1)


def test_a_model_that_knows_its_lines_is_believed(taught_nli_folder: str) -> None:
    reader = build_second_reader(spec(taught_nli_folder))
    assert (reader.name, reader.version) == ("nli", "taught-nli")
    for label, words in tiny_models.TAUGHT.items():
        # The last word stands in no line: it was learned, not read off the labels' description.
        [opinion] = reader.judge([TicketText(subject=words[-1])])
        assert opinion.category == label and opinion.certainty > 0.6
    assert reader.judge([]) == []
    assert len(reader.judge([TicketText(), TicketText(body="the invoice " * 2_000), TicketText(body="\ud800")])) == 3


def test_a_model_that_knows_nothing_is_sure_of_nothing(nli_folder: str) -> None:
    reader = SecondReader.load(EngineSpec(zero_shot_model=nli_folder, threads=1))
    texts = [TicketText(subject="refund the invoice"), TicketText(subject="server down")]
    assert all(opinion.certainty < 0.3 for opinion in reader.judge(texts))


def test_a_missing_model_says_what_to_do() -> None:
    with pytest.raises(EngineUnavailable, match="ZERO_SHOT_MODEL '/nowhere/at-all' is no folder here"):
        build_second_reader(spec("/nowhere/at-all"))
    with pytest.raises(EngineUnavailable, match="needs ZERO_SHOT_MODEL"):
        build_second_reader(spec(None))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ([Opinion("Legal", 0.5)], None),
        ([], "no list of 1 opinions"),
        (None, "no list of 1 opinions"),
        (["Legal"], "outside the label set"),
        ([Opinion("Weather", 0.5)], "outside the label set"),
        ([Opinion("Legal", 1.5)], "outside 0 to 1"),
        ([Opinion("Legal", math.nan)], "outside 0 to 1"),
    ],
)
def test_garbage_is_told_from_an_opinion(answer: list[object], found: str | None) -> None:
    said = flaw(answer, 1, LABELS)
    assert said is None if found is None else said is not None and found in said
