"""A body sent as it is, well-formed or not."""

import httpx

JSON = {"Content-Type": "application/json"}


async def post(asgi: httpx.AsyncClient, raw: bytes | str, path: str = "/tickets") -> httpx.Response:
    return await asgi.post(path, content=raw, headers=JSON)
