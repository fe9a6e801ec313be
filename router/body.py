"""A request's body, bounded in bytes and in time, and only if it says it is what the call takes."""

import asyncio

from starlette.types import Message, Receive, Scope, Send

from router.problems import Problem

# A phone on a bad line sends 256 KiB in less; a slower sender holds a connection for nothing.
BODY_TIMEOUT_S = 30.0
# After a refusal we read on a little, or the kernel resets the connection and the sender never sees the answer.
LINGER_MAX_BYTES = 4 * 1024 * 1024
LINGER_MAX_S = 2.0


class ClientGone(Exception):
    """The caller hung up: there is nobody to answer."""


async def read(scope: Scope, receive: Receive, max_bytes: int) -> bytes:
    """The whole body. Raises Problem (408, 413) and ClientGone; reads at most one message beyond `max_bytes`."""
    declared = header(scope, b"content-length")
    if declared is not None and declared.isdigit() and int(declared[:20]) > max_bytes:
        raise _too_large(max_bytes)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    if not message.get("more_body", False):
        return body  # nearly every ticket comes in one piece
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await _rest(receive, body, max_bytes)
    except TimeoutError:
        detail = f"the body was not complete within {BODY_TIMEOUT_S:.0f} s"
        raise Problem("request-timeout", detail, headers={"Connection": "close"}) from None


async def _rest(receive: Receive, first: bytes, max_bytes: int) -> bytes:
    parts, size, more = [first], len(first), True
    while more:
        message = await _next(receive)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > max_bytes:
            raise _too_large(max_bytes)
        more = message.get("more_body", False)
    return b"".join(parts)


async def _next(receive: Receive) -> Message:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message


def _too_large(max_bytes: int) -> Problem:
    detail = f"the body is larger than {max_bytes} bytes"
    return Problem("body-too-large", detail, errors=[("body", detail)], headers={"Connection": "close"})


def require(wanted: str, scope: Scope) -> None:
    """Raises Problem (415) unless the declared type is `wanted`, in UTF-8. A type that ends in +json is JSON as well."""
    declared = (header(scope, b"content-type") or b"").decode("latin-1")
    if declared == wanted:
        return  # as nearly everybody sends it
    media_type, _, parameters = declared.partition(";")
    media_type = media_type.strip().lower()
    is_json = media_type.startswith("application/") and media_type.endswith("+json")
    if media_type != wanted and not (wanted == "application/json" and is_json):
        raise Problem(
            "unsupported-media-type",
            f"send the body with Content-Type: {wanted}",
            errors=[("Content-Type", f"must be {wanted}")],
            headers={"Accept": wanted},
        )
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            message = "JSON travels as UTF-8, no other charset is read"
            raise Problem("unsupported-media-type", message, errors=[("Content-Type", message)])


async def answer_unread(problem: Problem, receive: Receive, send: Send) -> None:
    """Sends the refusal of a body at once, then swallows a little more of it before the connection closes."""
    response = problem.response()
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": response.body, "more_body": True})
    swallowed, more = 0, True
    try:
        async with asyncio.timeout(LINGER_MAX_S):
            while more and swallowed < LINGER_MAX_BYTES:
                message = await _next(receive)
                swallowed += len(message.get("body", b""))
                more = message.get("more_body", False)
    except (TimeoutError, ClientGone):
        pass  # politeness has its limits
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of that lower-case name."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return None
