import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from ml.encoder import Encoder
from ml.lessons import FEWEST, FloatArray, Lesson, clearly_worse, fit, likeliest, right
from ml.presumed import presumed
from ml.ridge import softmax_path
from ml.spec import EngineSpec
from ml.taught import Taught
from ml.text import for_model
from ml.verdict import Evidence, Verdict
from ml.zeroshot import ZeroShot

LABELS = ("Red", "Green", "Blue")


def places(rng: np.random.Generator, truth: list[int], *, noise: float) -> FloatArray:
    """Unit vectors (n, 16): each label has its own direction, blurred."""
    raw = np.eye(3, 16)[truth] + noise * rng.standard_normal((len(truth), 16))
    unit: FloatArray = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    return unit


def blind(n: int) -> FloatArray:
    """A prior that always says Red, not quite surely."""
    return np.tile(np.array([[0.5, 0.3, 0.15]], np.float32), (n, 1))


def drawn(seed: int, n: int, *, noise: float = 0.2) -> tuple[FloatArray, FloatArray, list[str]]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n).tolist()
    return blind(n), places(rng, truth, noise=noise), [LABELS[at] for at in truth]


def test_the_solution_is_the_known_one_where_there_is_no_offset() -> None:
    _, x, labels = drawn(1, 200)
    answers = np.array([LABELS.index(label) for label in labels])
    penalties = (10.0, 1.0, 0.1)
    for penalty, kernel in zip(
        penalties, softmax_path(x.astype(float), np.zeros((200, 3)), answers, penalties), strict=True
    ):
        known = LogisticRegression(C=1 / penalty, fit_intercept=False, max_iter=1000).fit(x, answers).coef_.T
        assert np.abs(x @ kernel - x @ known).max() < 0.05


def test_fewer_examples_than_columns_give_the_same_solution() -> None:
    _, x, labels = drawn(1, 12)
    answers = np.array([LABELS.index(label) for label in labels])
    wide = np.hstack([x, np.zeros((12, 4))])
    [narrow_kernel] = softmax_path(np.vstack([x, x]).astype(float), np.zeros((24, 3)), np.tile(answers, 2), (2.0,))
    [kernel] = softmax_path(wide.astype(float), np.zeros((12, 3)), answers, (1.0,))
    assert np.allclose(x @ kernel[:16], x @ narrow_kernel, atol=0.01)


def test_examples_with_a_pattern_teach_it() -> None:
    lesson = fit(LABELS, *drawn(1, 60))
    assert lesson is not None
    prior, vectors, truth = drawn(2, 300)
    assert right(LABELS, prior, truth).mean() < 0.45
    assert right(LABELS, lesson.chances(prior, vectors), truth).mean() > 0.9
    again = fit(LABELS, *drawn(1, 60))
    assert again is not None and np.array_equal(lesson.weights, again.weights), "the same examples, the same lesson"


@pytest.mark.parametrize("n", [0, 5, FEWEST - 1])
def test_a_few_examples_teach_nothing(n: int) -> None:
    assert fit(LABELS, *drawn(1, n)) is None


@pytest.mark.parametrize("seed", range(10))
def test_examples_without_a_pattern_teach_nothing(seed: int) -> None:
    _, vectors, truth = drawn(seed, 100)
    even = np.full((100, 3), 1 / 3, np.float32)  # a lopsided one would be a pattern: each label comes as often
    shuffled = np.random.default_rng(seed).permutation(truth).tolist()
    assert fit(LABELS, even, vectors, shuffled) is None


def test_a_label_that_is_called_otherwise_here_is_learned_from_few() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 150)
    sure = np.full((150, 3), 0.01, np.float32)
    sure[range(150), truth] = 0.97
    nothing = rng.standard_normal((150, 16))
    vectors = (nothing / np.linalg.norm(nothing, axis=1, keepdims=True)).astype(np.float32)
    renamed = ["Green" if at == 2 else LABELS[at] for at in truth]
    lesson = fit(LABELS, sure[:50], vectors[:50], renamed[:50])
    assert lesson is not None
    assert right(LABELS, lesson.chances(sure[50:], vectors[50:]), renamed[50:]).mean() > 0.95


def test_what_agrees_with_the_prior_teaches_nothing() -> None:
    _, vectors, truth = drawn(1, 100)
    sure = np.full((100, 3), 0.01, np.float32)
    sure[range(100), [LABELS.index(label) for label in truth]] = 0.97
    assert fit(LABELS, sure, vectors, truth) is None


def test_chances_stay_chances_and_half_the_bytes_say_the_same() -> None:
    lesson = fit(LABELS, *drawn(1, 60))
    assert lesson is not None
    prior, vectors, _ = drawn(2, 50)
    prior[0] = [0.0, 1.0, 0.0]  # surer than a logarithm can bear
    prior[1] = 0.0
    chances = lesson.chances(prior, vectors)
    assert np.isfinite(chances).all() and (chances >= 0).all() and (chances.sum(axis=1) <= 1 + 1e-6).all()
    packed = lesson.to_bytes()
    assert len(packed) == 2 * (16 + 3 + 1) * 4
    assert np.abs(Lesson.from_bytes(packed, 3).chances(prior, vectors) - chances).max() < 0.01
    with pytest.raises(ValueError, match="reshape"):
        Lesson.from_bytes(packed, 2)


def test_general_takes_what_fits_no_label() -> None:
    chances = np.array([0.4, 0.3], np.float32)
    assert likeliest(("Billing", "General"), chances) == "General"
    assert likeliest(("Billing", "Other"), chances) == "Billing"


@pytest.mark.parametrize(
    ("lost", "won", "worse"), [(0, 0, False), (2, 0, False), (3, 0, True), (8, 5, False), (20, 5, True), (0, 9, False)]
)
def test_clearly_worse_is_beyond_chance(lost: int, won: int, worse: bool) -> None:
    old = np.array([True] * lost + [False] * won + [True] * 10)
    new = np.array([False] * lost + [True] * won + [True] * 10)
    assert clearly_worse(new, old) is worse


def verdict(evidence: Evidence | None) -> Verdict:
    return Verdict(
        "Red", 0.5, 5.0, 0.1, ("calm", "Reads like Red"), "one line", "minilm", "m-1", None, evidence=evidence
    )


def test_a_corrected_verdict_is_consistent() -> None:
    lesson = fit(LABELS, *drawn(1, 60))
    prior, vectors, truth = drawn(3, 40)
    at = truth.index("Blue")
    seen = Evidence("m-1/abc", LABELS, prior[at], vectors[at])
    judged = Taught(7, "m-1/abc", lesson).correct(verdict(seen))
    assert lesson is not None
    chances = lesson.chances(prior[at : at + 1], vectors[at : at + 1])[0]
    assert judged.category == "Blue" and judged.confidence == pytest.approx(float(chances[2]))
    assert judged.model_version == "m-1+lessons-7" and judged.evidence is seen
    assert judged.reasons == ("calm", "Agents filed tickets like this one under Blue, the model alone would say Red")
    at = truth.index("Red")
    same = Taught(7, "m-1/abc", lesson).correct(verdict(Evidence("m-1/abc", LABELS, prior[at], vectors[at])))
    assert same.category == "Red" and same.reasons == ("calm", "Reads like Red") and same.confidence > 0.5


def test_a_version_leaves_alone_what_it_does_not_know() -> None:
    lesson = fit(LABELS, *drawn(1, 60))
    prior, vectors, _ = drawn(3, 1)
    elsewhere = verdict(Evidence("m-2/abc", LABELS, prior[0], vectors[0]))
    assert Taught(7, "m-1/abc", lesson).correct(elsewhere) == elsewhere
    assert Taught(7, "m-1/abc", lesson).correct(verdict(None)) == verdict(None)
    unchanged = Taught(8, None, None).correct(elsewhere)
    assert unchanged.model_version == "m-1+lessons-8" and unchanged.category == elsewhere.category


# A label set of our own, told apart by who must act; the descriptions are poor, as a newcomer's are.
FARM = {
    "Vet": ("sick animals",),
    "Tractor": ("machines",),
    "Milk": ("milk collection",),
}
FARM_TICKETS = {
    "Vet": """
        The calf has a swollen leg; Two cows cough since Monday; A ewe will not stand up; Our dog ate rat poison; The mare has colic again
        Ticks on all the lambs; The bull is limping badly; One heifer lost her calf last night; Hens are losing their feathers
        A goat has a fever; The piglets will not drink; Foot rot in the flock; The cow has mastitis in one quarter; A horse cut its eye
    """,
    "Tractor": """
        The engine loses oil; Hydraulics are dead on the loader; The baler jams at every corner; A tyre burst in the field
        The combine will not start; Brakes squeal when loaded; The plough bolt sheared off; Warning lamp for the gearbox is on
        The sprayer nozzles are blocked; Steering is stiff when cold; The trailer lights are out; The mower throws its belt
        Smoke from the exhaust under load; The seed drill skips rows
    """,
    "Milk": """
        The lorry did not come this morning; The tank shows nine degrees; My quality payment is missing; Collection at five is too early
        The driver left the hose on the ground; Fat content on the statement is wrong; Our tank is full, please come today
        Cell count result has not arrived; The sample bottle was broken; Who pays for the spilled litres?; Please collect every second day
        The cooling unit hums and nothing gets cold; The statement says less litres than the dipstick; No pick-up on Christmas Day?
    """,
}


def test_with_the_packaged_model_it_is_never_below_the_description_lines(encoder: Encoder) -> None:
    told = [
        (text.strip(), label)
        for label, lines in FARM_TICKETS.items()
        for text in lines.replace("\n", ";").split(";")
        if text.strip()
    ]
    order = np.random.default_rng(5).permutation(len(told))
    texts, truth = [told[at][0] for at in order], [told[at][1] for at in order]
    spec = EngineSpec(categories=FARM)
    vectors = encoder.encode([for_model(text) for text in texts])
    prior = ZeroShot(encoder, spec).categories(vectors)
    test = slice(30, None)
    before = right(spec.labels, prior[test], truth[test]).mean()
    for n in (5, 10, 20, 30):
        lesson = fit(spec.labels, prior[:n], vectors[:n], truth[:n])
        after = lesson.chances(prior[test], vectors[test]) if lesson else prior[test]
        assert right(spec.labels, after, truth[test]).mean() >= before


def test_what_nobody_corrected_is_presumed_right_where_agreements_are_few() -> None:
    _, vectors, _ = drawn(1, 40)
    prior = blind(40)
    seen = [Evidence("m", LABELS, prior[at], vectors[at]) for at in range(40)]
    all_wrong = ["Blue"] * 20
    chances, rows, labels = presumed(LABELS, prior[:20], vectors[:20], all_wrong, seen)
    assert labels == ["Red"] * 10 and np.array_equal(rows, vectors[:29:-1]) and len(chances) == 10, "the newest others"
    half_right = ["Blue"] * 10 + ["Red"] * 10
    assert presumed(LABELS, prior[:20], vectors[:20], half_right, seen)[2] == []
    assert presumed(LABELS, prior[:20], vectors[:20], all_wrong, seen[:20])[2] == [], "all of these were corrected"
    assert presumed(LABELS, prior[:20], vectors[:20], all_wrong, [seen[25]] * 9)[2] == ["Red"], (
        "the same text counts once"
    )
