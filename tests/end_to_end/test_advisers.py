"""The optional models in a real house: tiny models of a user's folder, the packaged default model, real processes."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.house import House
from tests.ml import tiny_models

# Three models load side by side, two of them at low priority.
PATIENCE_S = 120.0
# Means nothing to MiniLM (.40 for another label), and one thing to the model that was taught it.
UNSURE, MEANS = "drot", "Parking"


def eventually(condition: Callable[[], Any]) -> Any:
    give_up = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < give_up, "it did not come true in time"
        time.sleep(0.1)
    return found


def parts(house: House) -> dict[str, Any]:
    return dict(house.api.get("/health/deep").json()["parts"])


def test_a_doubtful_ticket_gets_a_second_opinion_and_then_a_draft(
    redis_url: str, namespace: str, tmp_path: Path
) -> None:
    folders = {
        "ZERO_SHOT_MODEL": tiny_models.taught_nli(tmp_path / "second"),
        "DRAFT_MODEL": tiny_models.causal(tmp_path / "writer"),
    }
    house = House(
        tmp_path, redis_url, namespace, ENGINE="auto", CATEGORIES=json.dumps(tiny_models.told_lines()), **folders
    )
    house.start()
    try:
        models = ("models", "second_opinion", "drafts")
        eventually(lambda: all(parts(house)[part]["status"] == "ok" for part in models))
        assert "second, ready in 1 of 1" in parts(house)["second_opinion"]["detail"]
        ticket_id = house.submit(UNSURE)

        def advised() -> dict[str, Any] | None:
            ticket = house.ticket(ticket_id)
            return ticket if ticket["engine"] == "minilm+nli" and "model writer" in ticket["draft_source"] else None

        ticket = eventually(advised)
        assert (ticket["category"], ticket["status"], ticket["needs_review"]) == (MEANS, "completed", False)
        assert ticket["confidence"] > 0.55 and f"A second model reads it as {MEANS}" in ticket["reasons"][-1]
        assert ticket["model_version"].endswith(", second opinion second")
        assert ticket["draft_response"] == tiny_models.REPLY and ticket["response"] is None
        assert house.api.get("/stats").json()["balanced"]
    finally:
        house.close()


def test_a_missing_draft_model_is_said_and_tickets_flow_on(redis_url: str, namespace: str, tmp_path: Path) -> None:
    house = House(tmp_path, redis_url, namespace, DRAFT_MODEL="/nowhere/at-all")
    house.start()
    try:
        ticket = house.ticket(house.submit("Refund, please"))
        assert ticket["draft_source"].startswith("template for ")
        said = eventually(lambda: (part := parts(house)["drafts"])["status"] == "degraded" and part["detail"])
        assert "DRAFT_MODEL '/nowhere/at-all' is no folder here" in said
        assert "second_opinion" not in parts(house)
        assert "drafts" not in house.api.get("/readyz").json()["parts"]
    finally:
        house.close()
