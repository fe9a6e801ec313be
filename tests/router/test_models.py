from dataclasses import replace

import httpx
import pytest

from broker import Broker
from broker.lessons import PRIOR, Score
from tests.router.judging import report
from tests.router.problems import assert_problem


async def publish(broker: Broker, note: str) -> None:
    token = await broker.lessons.begin()
    assert token is not None
    version = replace(PRIOR, space="m/1", changes=True, examples=8, note=note, corrections=Score(4, 3, 1))
    assert await broker.lessons.publish(token, version, b"\x01\x02")


async def test_at_first_there_is_the_prior_alone(asgi: httpx.AsyncClient, broker: Broker) -> None:
    await broker.health.beat(report())
    answer = await asgi.get("/models")
    assert answer.status_code == 200
    models = answer.json()
    assert models["active"] == 0
    [version] = models["versions"]
    assert version["version"] == 0 and version["active"] and not version["changes"]
    assert version["held_back"]["corrections"] == {
        "n": 0, "right": 0, "accuracy": None, "prior_right": 0, "prior_accuracy": None
    }  # fmt: skip
    assert models["engines"] == [{"worker_id": "w1", "engine": "minilm", "model_version": "1", "model": "ready"}]


async def test_versions_are_listed_with_their_scores_and_undone(asgi: httpx.AsyncClient, broker: Broker) -> None:
    await publish(broker, "good")
    await publish(broker, "bad")
    models = (await asgi.get("/models")).json()
    assert [(one["version"], one["active"]) for one in models["versions"]] == [(2, True), (1, False), (0, False)]
    held_back = models["versions"][0]["held_back"]["corrections"]
    assert (held_back["n"], held_back["accuracy"], held_back["prior_accuracy"]) == (4, 0.75, 0.25)
    assert models["versions"][0]["created_at"].endswith("Z")
    answer = await asgi.post("/models/rollback", json={"version": 1})
    assert answer.status_code == 200
    newest = answer.json()["versions"][0]
    assert (answer.json()["active"], newest["version"], newest["equals"], newest["note"]) == (3, 3, 1, "good")


@pytest.mark.parametrize("version", [-1, 1.0, "1", None, 2**40])
async def test_a_rollback_names_a_version(asgi: httpx.AsyncClient, version: object) -> None:
    answer = await asgi.post("/models/rollback", json={"version": version})
    assert_problem(answer, 422, "invalid-request", "version")


async def test_a_rollback_to_nowhere_changes_nothing(asgi: httpx.AsyncClient, broker: Broker) -> None:
    assert_problem(await asgi.post("/models/rollback", json={"version": 7}), 404, "not-found")
    assert (await broker.lessons.progress()).active == 0
