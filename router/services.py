"""What the handlers share: one of each per application."""

import asyncio
from dataclasses import dataclass, field

from broker import Broker
from router.config import RouterConfig
from router.telemetry import Telemetry
from router.vitals import Vitals


@dataclass(frozen=True, slots=True)
class Services:
    broker: Broker
    config: RouterConfig
    vitals: Vitals
    telemetry: Telemetry
    documents: dict[str, bytes] = field(default_factory=dict)  # the OpenAPI document by version, made once
    # Set when the server stops: long polls answer now instead of holding the stop up.
    closing: asyncio.Event = field(default_factory=asyncio.Event)
