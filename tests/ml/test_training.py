"""Training and measuring from end to end, on a folder of a few texts in the public files' shapes."""

import csv
import json
from pathlib import Path

import pytest

from ml import sources, training
from ml.evaluation import auroc, interval, pearson
from ml.heads import Heads
from ml.sources import CORPUS_FOLDER, HELD_OUT, DataMissing, Example
from ml.training import thin
from ml.wordheads import WordHeads
from scripts import evaluate, train

ROWS: dict[str, list[dict[str, object]]] = {
    "banking77_train.csv": [
        {"text": f"{text} {n}", "category": intent}
        for n in range(6)
        for text, intent in (
            ("why was I charged a fee", "card_payment_fee_charged"),
            ("the app pay does not work", "card_not_working"),
            ("when does my card arrive", "card_arrival"),
            ("somebody stole my card", "lost_or_stolen_card"),
        )
    ],
    "cfpb_complaints.csv": [
        {"issue": issue, "narrative": f"{text} {n}"}
        for n in range(6)
        for issue, text in (
            ("Charged fees or interest you didn't expect", "they charged interest of 200 percent"),
            ("Improper use of your report", "they pulled my report without consent, violating the act"),
            ("Getting the loan", "nobody answered"),
        )
    ],
    "clinc150.csv": [
        {"text": f"{text} {n}", "intent": intent, "split": "train"}
        for n in range(6)
        for text, intent in (
            ("set a timer for ten minutes", "timer"),
            ("thank you", "thank_you"),
            ("pay it", "pay_bill"),
        )
    ],
    "hadoop_bugs.csv": [
        {"summary": f"{text} {n}", "description": "trace", "priority": priority}
        for n in range(6)
        for text, priority in (("NameNode crashes", "Blocker"), ("Typo in log", "Trivial"), ("Add metrics", "Major"))
    ],
    "it_tickets_10k.csv": [{"text": f"laptop screen broken {n}", "topic": "Hardware"} for n in range(6)],
    "vader_ratings.csv": [
        {"source": "tweets", "score": score, "text": f"{text} {n}"}
        for n in range(6)
        for text, score in (("I love this", 3.0), ("I hate this", -3.0), ("it is a table", 0.0))
    ],
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name, rows in ROWS.items():
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    lines = [
        {"subject": f"{text} {n}", "body": "", "category": label, "urgency": urgency, "mood": mood}
        for n in range(4)
        for text, label, urgency, mood in (
            ("production is down for everyone", "Technical", "high", 4),
            ("sign the contract", "Legal", "low", 5),
            ("please add dark mode", "Feature Request", "low", 7),
        )
    ]
    (folder / "part.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    (folder / HELD_OUT).write_text(json.dumps(lines[0] | {"subject": "secret test ticket"}))
    return folder


# A fit stopped early says so; this test stops it on purpose.
@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_training_writes_heads_words_and_a_card_and_repeats_itself(
    data: Path, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "MAX_ITERATIONS", 20)  # far from the optimum, which is not what is tested
    arguments = ["--data", str(data), "--corpus", str(own), "--out"]
    assert train.main([*arguments, str(tmp_path / "one")]) == 0
    assert train.main([*arguments, str(tmp_path / "two"), "--quick"]) == 0
    one, two = Heads.read(tmp_path / "one" / "heads.npz"), Heads.read(tmp_path / "two" / "heads.npz")
    assert one.version == two.version
    assert set(one.classes) == {"Billing", "Technical", "Legal", "Feature Request", "General", "elsewhere"}
    words = WordHeads.read(tmp_path / "one" / "words.npz")
    assert set(words.classes) == set(one.classes)
    card = (tmp_path / "one" / "README.md").read_text()
    for source in ("banking77", "CC-BY-4.0", one.version, "held out"):
        assert source in card


def test_what_measures_is_never_learned(data: Path, own: Path) -> None:
    learned = train.gather_learned(data, own)
    assert not any("secret test ticket" in example.text for example in learned)
    public = {example.text for example in sources.public(data) if sources.is_test(example)}
    assert public
    assert not public & {example.text for example in learned}


def test_the_shipped_corpus_keeps_its_held_out_file_out() -> None:
    assert not any(example.source == "own heldout" for example in sources.corpus(CORPUS_FOLDER))


def test_labels_come_from_the_maps(data: Path) -> None:
    labels = {(example.source, example.category) for example in sources.public(data)}
    assert {("banking77", "Billing"), ("banking77", "Technical"), ("banking77", "General")} <= labels
    assert {("cfpb", "Billing"), ("cfpb", "Legal"), ("clinc150", "elsewhere"), ("hadoop", "Technical")} <= labels
    assert not any("stole" in example.text or "nobody answered" in example.text for example in sources.public(data))


def test_a_missing_folder_is_a_clear_sentence_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(["--data", str(tmp_path / "nowhere")]) == 2
    assert "banking77_train.csv" in capsys.readouterr().err
    assert evaluate.main(["--data", str(tmp_path / "nowhere")]) == 2
    assert "--data" in capsys.readouterr().err
    assert evaluate.main(["--file", str(tmp_path / "none.jsonl")]) == 2
    assert "none.jsonl" in capsys.readouterr().err


def test_evaluate_prints_json_and_a_table(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(own / "part.jsonl")
    assert evaluate.main(["--file", file, "--engine", "keywords", "--json"]) == 0
    score = json.loads(capsys.readouterr().out)["scores"][0]
    assert score["texts"] == 12
    assert score["low"] <= score["accuracy"] <= score["high"]
    assert 0 <= score["urgency_auroc"] <= 1
    assert evaluate.main(["--file", file, "--engine", "stub"]) == 0
    assert "urgency AUROC" in capsys.readouterr().out


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"subject": "fine"}\n[1, 2]\n')
    with pytest.raises(ValueError, match="line 2"):
        sources.labelled(path)
    with pytest.raises(DataMissing):
        sources.labelled(tmp_path / "absent.jsonl")


def test_thinning_is_fair_and_the_same_each_time() -> None:
    many = [Example(f"a {n}", "s", "Billing") for n in range(50)] + [Example("b", "s", "Legal")]
    kept = thin(many, limit=10)
    assert len([example for example in kept if example.category == "Billing"]) == 10
    assert many[-1] in kept
    assert kept == thin(many, limit=10)


def test_measures_agree_with_hand_counts() -> None:
    assert auroc([0.9, 0.1, 0.5], [True, False, False]) == 1
    assert auroc([0.5, 0.5], [True, False]) == 0.5
    assert pearson([1, 2, 3], [2, 4, 6]) == pytest.approx(1)
    assert pearson([1, 1, 1], [2, 4, 6]) == 0
    low, high = interval(80, 100)
    assert low == pytest.approx(0.711, abs=0.001)
    assert high == pytest.approx(0.867, abs=0.001)
