"""One suite for every engine: what each promises, whatever is inside."""

import subprocess
import sys

import numpy as np
import pytest

from ml.engines import EngineUnavailable, build_engine
from ml.spec import EngineSpec
from ml.summary import SUMMARY_CHARS
from ml.verdict import Engine, TicketText

NAMES = ["minilm", "nli", "keywords", "stub"]

HOSTILE = [
    TicketText(),
    TicketText(subject="   \n\t "),
    TicketText(subject="?"),
    TicketText(body="😀😀"),
    TicketText(body="\ud800 lone surrogate \udfff"),
    TicketText(body="null\x00 and bell\x07 and escape\x1b[31m"),
    TicketText(body="a" * 200_000),
    TicketText(body="word " * 100_000),
    TicketText(body="> quoted\n> only\n"),
    TicketText(body="<" * 5000 + "!channel>"),
    TicketText(subject="サーバーが落ちました", body="مشكلة"),
    TicketText(body="(" * 3000 + "urgent " * 500),
    TicketText(body="\u202eright to left\u202c zero\u200bwidth"),
]


@pytest.fixture(params=NAMES)
def engine(request: pytest.FixtureRequest, engines: dict[str, Engine]) -> Engine:
    return engines[request.param]


def test_it_says_who_it_is(engine: Engine, engines: dict[str, Engine]) -> None:
    assert engines[engine.name] is engine
    assert engine.version


def test_no_texts_no_verdicts(engine: Engine) -> None:
    assert engine.judge([]) == []


def test_every_text_gets_a_sound_verdict_whatever_it_holds(engine: Engine) -> None:
    verdicts = engine.judge(HOSTILE)
    assert len(verdicts) == len(HOSTILE)
    for verdict in verdicts:
        assert verdict.category in EngineSpec().labels
        assert 0 <= verdict.confidence <= 1
        assert 1 <= verdict.sentiment_score <= 10
        assert 0 <= verdict.urgency_score <= 1
        assert verdict.engine == engine.name
        assert verdict.model_version == engine.version
        assert verdict.reasons
        assert all(reason and "\n" not in reason and len(reason) < 200 for reason in verdict.reasons)
        assert len(verdict.summary) <= SUMMARY_CHARS
        assert "\n" not in verdict.summary
        verdict.summary.encode("utf-8")  # raises where a lone surrogate got through


def test_blank_and_tiny_texts_never_group(engine: Engine) -> None:
    blank = [TicketText(), TicketText(subject="  "), TicketText(subject="help me"), TicketText(subject="?!")]
    assert [verdict.fingerprint for verdict in engine.judge(blank)] == [None] * 4


def test_copies_have_identical_fingerprints_and_verdicts(engine: Engine) -> None:
    verdicts = engine.judge([TicketText(subject="Server outage broken login")] * 11)
    first = verdicts[0].fingerprint
    assert first is not None
    for verdict in verdicts:
        assert verdict.fingerprint is not None
        assert np.array_equal(verdict.fingerprint.vector, first.vector)
        assert verdict.category == verdicts[0].category


def test_fingerprints_are_unit_vectors_of_one_space(engine: Engine) -> None:
    texts = [TicketText(subject=f"The printer in room {n} prints blank pages only") for n in range(3)]
    texts.append(TicketText(subject="My invoice of March lists three seats too many"))
    prints = [verdict.fingerprint for verdict in engine.judge(texts)]
    for mark in prints:
        assert mark is not None
        assert mark.vector.dtype == np.float32
        assert mark.vector.ndim == 1
        assert np.linalg.norm(mark.vector) == pytest.approx(1, abs=1e-4)
        assert 0 < mark.threshold < 1
    assert len({mark.space for mark in prints if mark is not None}) == 1


def test_a_paste_of_a_megabyte_is_read_in_a_moment(engine: Engine) -> None:
    text = TicketText(subject="Log attached", body="ERROR 2026-01-01 java.lang.Exception at line 12\n" * 20_000)
    assert len(engine.judge([text])) == 1


def test_order_is_kept_when_lengths_are_mixed(engine: Engine) -> None:
    texts = [TicketText(body=f"ticket {n} " + "needs some words here " * (n % 7)) for n in range(40)]
    together = engine.judge(texts)
    for n in (0, 6, 7, 39):
        alone = engine.judge([texts[n]])[0]
        assert together[n].summary == alone.summary
        assert together[n].urgency_score == pytest.approx(alone.urgency_score, abs=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_any_label_set_works(name: str, nli_folder: str) -> None:
    spec = EngineSpec(
        engine=name,  # type: ignore[arg-type]
        categories={
            "Shipping": ("where is my parcel", "the delivery is late", "track my package"),
            "Returns": ("I want to send the item back", "wrong size, exchange please"),
            "Loyalty": (),
        },
        zero_shot_model=nli_folder if name == "nli" else None,
    )
    texts = [
        TicketText(body="My parcel has not arrived and tracking shows nothing"),
        TicketText(body="Send shoes back"),
    ]
    verdicts = build_engine(spec).judge(texts)
    assert all(verdict.category in spec.labels for verdict in verdicts)
    if name in ("minilm", "keywords"):
        assert [verdict.category for verdict in verdicts] == ["Shipping", "Returns"]


@pytest.mark.parametrize("name", ["minilm", "keywords"])
@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("CRITICAL server outage immediately", "Technical"),
        ("Minor UI issue", "Technical"),
        ("API server crash and error", "Technical"),
        ("Refund and billing charge issue", "Billing"),
        ("Server outage broken login", "Technical"),
        ("Please delete my personal data under GDPR", "Legal"),
        ("It would be great if you could add dark mode", "Feature Request"),
        ("What are your opening hours?", "General"),
    ],
)
def test_plain_tickets_get_the_plain_label(engines: dict[str, Engine], name: str, text: str, category: str) -> None:
    assert engines[name].judge([TicketText(subject=text)])[0].category == category


@pytest.mark.parametrize("name", ["minilm", "keywords"])
def test_a_critical_outage_is_urgent_and_a_minor_matter_is_not(engines: dict[str, Engine], name: str) -> None:
    outage, minor = engines[name].judge(
        [TicketText(subject="CRITICAL server outage immediately"), TicketText(subject="Minor UI issue")]
    )
    assert outage.urgency_score > 0.8
    assert minor.urgency_score < 0.3
    assert any("outage" in reason or "critical" in reason.lower() for reason in outage.reasons)


@pytest.mark.parametrize("name", ["minilm", "keywords"])
def test_text_from_elsewhere_goes_to_general_with_low_confidence(engines: dict[str, Engine], name: str) -> None:
    for text in ("what is the capital of france", "how many cups are in a litre"):
        verdict = engines[name].judge([TicketText(body=text)])[0]
        assert verdict.category == "General"
        assert verdict.confidence < 0.5


def test_a_subset_of_the_default_labels_keeps_the_trained_head(minilm: Engine) -> None:
    subset = build_engine(EngineSpec(engine="minilm", categories={"Technical": (), "Billing": (), "Legal": ()}))
    verdicts = subset.judge(
        [TicketText(subject="Refund please"), TicketText(subject="We will sue you, says our lawyer")]
    )
    assert [verdict.category for verdict in verdicts] == ["Billing", "Legal"]


def test_building_keywords_and_stub_imports_no_torch() -> None:
    code = (
        "import sys\n"
        "from ml.engines import build_engine, build_keywords\n"
        "from ml.spec import EngineSpec\n"
        "from ml.verdict import TicketText\n"
        "build_keywords(EngineSpec()).judge([TicketText(subject='x')])\n"
        "build_engine(EngineSpec(engine='stub')).judge([TicketText(subject='x')])\n"
        "print([name for name in ('torch', 'transformers', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_missing_model_says_what_to_do() -> None:
    with pytest.raises(EngineUnavailable, match="ZERO_SHOT_MODEL"):
        build_engine(EngineSpec(engine="nli"))
    with pytest.raises(EngineUnavailable, match=r"ZERO_SHOT_MODEL.*folder"):
        build_engine(EngineSpec(engine="nli", zero_shot_model="/no/such/folder"))
    with pytest.raises(EngineUnavailable, match="EMBEDDING_MODEL"):
        build_engine(EngineSpec(embedding_model="/no/such/folder"))


def test_a_spec_refuses_what_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="unknown engine"):
        EngineSpec(engine="gpt")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="category"):
        EngineSpec(categories={})
    with pytest.raises(ValueError, match="name"):
        EngineSpec(categories={" ": ()})
    with pytest.raises(ValueError, match="threads"):
        EngineSpec(threads=0)
