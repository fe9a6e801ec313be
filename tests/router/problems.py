"""What every refusal must look like."""

import httpx

from router.problems import CATALOGUE


def assert_problem(answer: httpx.Response, status: int, kind: str, field: str | None = None) -> None:
    """RFC 9457 with our stable type; `field` must be named among the errors."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"/problems/{kind}"
    assert problem["status"] == status
    assert problem["title"] == CATALOGUE[kind].title
    assert problem["detail"]
    assert "Traceback" not in answer.text
    if field is not None:
        assert field in [error["field"] for error in problem["errors"]], problem["errors"]
        assert all(error["message"] for error in problem["errors"])
    if status == 503:
        assert int(answer.headers["Retry-After"]) >= 1
