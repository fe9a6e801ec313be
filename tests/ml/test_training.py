"""Training and measuring from end to end, on a folder of a few texts in the public files' shapes."""

import csv
import json
from pathlib import Path

import pytest

from ml import sources, trained, training, wordtraining
from ml.adapter import Adapter
from ml.agreement import agreement, kappa
from ml.encoder import Encoder
from ml.engines import build_engine
from ml.floodtraining import FLOODS_DEV
from ml.heads import WEIGHTS_FILE
from ml.learning_set import learning_set
from ml.measures import (
    accuracy_of_surest,
    auroc,
    calibration_error,
    cut_at,
    interval,
    macro_f1,
    pearson,
)
from ml.minilm import MiniLmEngine
from ml.public_sources import public
from ml.sources import CORPUS_FOLDER, DataMissing, Example
from ml.spec import EngineSpec, EngineUnavailable
from ml.trained import Trained
from ml.training import thin
from ml.verdict import TicketText
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
    (folder / "part_a.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    (folder / "heldout_z.jsonl").write_text(json.dumps(lines[0] | {"subject": "secret test ticket"}))
    return folder


# A fit stopped early says so; this test stops it on purpose.
@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_training_writes_heads_words_and_a_card_and_repeats_itself(
    data: Path, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (training, wordtraining):
        monkeypatch.setattr(module, "MAX_ITERATIONS", 20)  # far from the optimum, which is not what is tested
    few = [line for line in FLOODS_DEV[0].read_text().splitlines() if '"f02"' in line or '"f03"' in line]
    (tmp_path / "floods.jsonl").write_text("\n".join(few))
    monkeypatch.setattr(train, "FLOODS_DEV", (tmp_path / "floods.jsonl",))
    arguments = ["--data", str(data), "--corpus", str(own), "--tuning-steps", "2", "--out"]
    assert train.main([*arguments, str(tmp_path / "one")]) == 0
    assert train.main([*arguments, str(tmp_path / "two"), "--quick"]) == 0
    assert (
        Adapter.read(tmp_path / "one" / "adapter.npz").version == Adapter.read(tmp_path / "two" / "adapter.npz").version
    )
    assert train.main([*arguments, str(tmp_path / "two"), "--quick", "--keep-adapter"]) == 0
    one, two = Trained.read(tmp_path / "one"), Trained.read(tmp_path / "two")
    assert one.version == two.version
    assert one.blend.category.tolist() == two.blend.category.tolist()
    assert set(one.heads.classes) == {"Billing", "Technical", "Legal", "Feature Request", "General", "elsewhere"}
    assert one.words.classes == one.heads.classes == one.blend.classes
    card = (tmp_path / "one" / "README.md").read_text()
    for source in ("banking77", "CC-BY-4.0", one.version, "own heldout"):
        assert source in card


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_another_encoder_gets_heads_of_its_own_where_the_product_looks_for_them(
    data: Path, own: Path, tmp_path: Path, nli_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (training, wordtraining):
        monkeypatch.setattr(module, "MAX_ITERATIONS", 20)
    monkeypatch.setattr(trained, "WEIGHTS_FILE", tmp_path / "weights" / WEIGHTS_FILE.name)
    spec = EngineSpec(embedding_model=nli_folder)
    with pytest.raises(EngineUnavailable, match=f"--embedding-model {nli_folder}"):
        build_engine(spec)
    arguments = ["--data", str(data), "--corpus", str(own), "--embedding-model", nli_folder]
    assert train.main(arguments) == 0
    name = Path(nli_folder).name
    card = (tmp_path / "weights" / name / "README.md").read_text()
    assert card.startswith(f"# Heads on {name}\n")
    assert "adapter.npz" not in card
    assert not (tmp_path / "weights" / name / "floods.npz").exists()
    engine = build_engine(spec)
    assert engine.version.startswith(f"{name}+heads-")
    verdict = engine.judge([TicketText(subject="the server is down, refund the invoice")])[0]
    assert verdict.category in spec.labels
    assert verdict.fingerprint is not None
    assert verdict.fingerprint.space == name
    with pytest.raises(EngineUnavailable, match=f"belong to {name}"):
        MiniLmEngine(Encoder.load(None, threads=1), Trained.read(tmp_path / "weights" / name), EngineSpec())


def test_what_measures_is_never_learned(data: Path, own: Path) -> None:
    learned = learning_set(data, own)
    assert not any("secret test ticket" in example.text for example in learned)
    kept = {example.text for example in public(data) if sources.is_test(example)}
    assert kept
    assert not kept & {example.text for example in learned}


def test_the_shipped_corpus_keeps_its_held_out_files_out() -> None:
    learned, kept = sources.corpus(CORPUS_FOLDER), sources.held_out(CORPUS_FOLDER)
    assert len(learned) >= 1000
    assert {example.source for example in kept} == {"own heldout", "own heldout_b"}
    assert not {example.text for example in learned} & {example.text for example in kept}


def test_two_readers_are_compared_by_ticket() -> None:
    found = agreement()
    assert found.texts == 260
    assert 0 < found.category_kappa < found.category < 1
    assert kappa(["a", "a", "b", "b"], ["a", "b", "b", "a"]) == 0
    assert kappa(["a", "b"], ["a", "b"]) == kappa(["a"], ["a"]) == 1


def test_labels_come_from_the_maps(data: Path) -> None:
    labels = {(example.source, example.category) for example in public(data)}
    assert {("banking77", "Billing"), ("banking77", "Technical"), ("banking77", "General")} <= labels
    assert {("cfpb", "Billing"), ("cfpb", "Legal"), ("clinc150", "elsewhere"), ("hadoop", "Technical")} <= labels
    assert not any("stole" in example.text or "nobody answered" in example.text for example in public(data))


def test_a_missing_folder_is_a_clear_sentence_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(["--data", str(tmp_path / "nowhere")]) == 2
    assert "banking77_train.csv" in capsys.readouterr().err
    assert evaluate.main(["--data", str(tmp_path / "nowhere")]) == 2
    assert "--data" in capsys.readouterr().err
    assert evaluate.main(["--file", str(tmp_path / "none.jsonl")]) == 2
    assert "none.jsonl" in capsys.readouterr().err


def test_evaluate_prints_json_and_a_table(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(own / "part_a.jsonl")
    assert evaluate.main(["--file", file, "--engine", "keywords", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    score = report["scores"][0]
    assert score["texts"] == 12
    assert sum(report["confusion"]["Legal"].values()) == 4
    assert report["slices"][0]["texts"] == 12
    assert report["speed"]["alone_ms"] > 0
    assert score["low"] <= score["accuracy"] <= score["high"]
    assert 0 <= score["urgency_auroc"] <= 1
    assert evaluate.main(["--file", file, "--engine", "stub"]) == 0
    assert "urgency AUROC" in capsys.readouterr().out


def test_whole_sources_can_be_left_out(
    data: Path, own: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "learning_set", lambda folder: learning_set(folder, own))
    asked = ["--data", str(data), "--file", str(own / "part_a.jsonl"), "--engine", "stub", "--left-out"]
    assert evaluate.main([*asked, "--json"]) == 0
    left_out = json.loads(capsys.readouterr().out)["sources_left_out"]
    assert left_out["banking77"][1] > 0
    assert all(0 <= right <= n for right, n in left_out.values())
    assert evaluate.main(asked) == 0
    assert "banking77 by the embedding's head trained without it" in capsys.readouterr().out


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
    assert macro_f1(["a", "a", "b"], ["a", "b", "b"]) == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert cut_at([0.1, 0.2, 0.3, 0.9], [False, False, False, True], 0.34) == 0.2
    assert calibration_error([0.95, 0.95], [True, False]) == pytest.approx(0.45)
    assert accuracy_of_surest([0.9, 0.8, 0.1], [True, True, False], 0.67) == 1
