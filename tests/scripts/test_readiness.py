"""What /health/deep means for a start."""

import httpx
import pytest

from scripts.readiness import State, ask, key_header, state_in


def test_models_are_waited_for_only_where_workers_are() -> None:
    loading = State(serving=True, models="loading", detail="minilm")
    assert not loading.is_ready(with_models=True)
    assert loading.is_ready(with_models=False)
    alone = State(serving=False, redis="ok", models="down")
    assert alone.is_ready(with_models=False)
    assert not alone.is_ready(with_models=True)
    assert alone.sentence(with_models=True) == "waiting for a worker"
    assert not State(serving=False, redis="down").is_ready(with_models=False)
    assert "minilm" in loading.sentence(with_models=True)
    assert State(serving=True, models="ok").is_ready(with_models=True)
    assert not State(serving=False, models="ok").is_ready(with_models=False)


@pytest.mark.parametrize("deep", [None, [], "ok", {}, {"parts": None}, {"parts": {"models": "ok"}}, {"parts": {}}])
def test_an_answer_of_another_shape_says_nothing(deep: object) -> None:
    assert state_in(deep, serving=True) == State(serving=True)


def test_a_degraded_house_still_tells_of_its_models() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/readyz":
            return httpx.Response(200)
        return httpx.Response(503, json={"parts": {"models": {"status": "ok", "detail": "x"}}})

    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://test") as client:
        assert ask(client) == State(serving=True, models="ok", detail="x")


def test_nobody_there_is_not_serving() -> None:
    with httpx.Client(base_url="http://127.0.0.1:9", trust_env=False) as client:
        assert ask(client) == State(serving=False)


def test_the_first_key_opens_the_door() -> None:
    assert key_header({"API_KEYS": " one , two"}) == {"X-API-Key": "one"}
    assert key_header({}) == key_header({"API_KEYS": ""}) == {}
