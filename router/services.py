"""What the handlers share: one of each per application."""

from dataclasses import dataclass, field

from router.config import RouterConfig
from router.link import Link
from router.telemetry import Telemetry
from router.vitals import Vitals


@dataclass(frozen=True, slots=True)
class Services:
    link: Link
    config: RouterConfig
    vitals: Vitals
    telemetry: Telemetry
    documents: dict[str, bytes] = field(default_factory=dict)  # the OpenAPI document by version, made once
