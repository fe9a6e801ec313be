"""Which pages may open a WebSocket: those that came from the same address.

Browsers let any page connect to any socket and send no CORS question first, so a page from elsewhere could listen in on an API
on loopback. They do say where the page came from. Programs say nothing and are let through: they could say anything.
"""

from urllib.parse import urlsplit

from starlette.types import Scope

_DEFAULT_PORTS = {"http": 80, "https": 443}


def same_origin(scope: Scope) -> bool:
    """True too without an Origin header. The scheme may differ from ours, since TLS may end in front of us."""
    origins, hosts = _values(scope, b"origin"), _values(scope, b"host")
    if not origins:
        return True
    if len(origins) > 1 or len(hosts) != 1:
        return False
    try:
        page, us = urlsplit(origins[0]), urlsplit(f"//{hosts[0]}")
        default = _DEFAULT_PORTS.get(page.scheme)
        return default is not None and (page.hostname, page.port or default) == (us.hostname, us.port or default)
    except ValueError:
        return False  # "null" of a sandboxed page lands above, a port that is none here


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
