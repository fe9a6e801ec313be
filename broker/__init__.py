"""The only room that knows Redis. `Broker` holds its parts; start reading at `keys.py`."""

from dataclasses import dataclass
from typing import Self

from broker.advice import Advice
from broker.agents import AgentDirectory
from broker.answers import Answers
from broker.connection import open_redis
from broker.desk import Desk
from broker.duplicates import Duplicates
from broker.events import Events
from broker.examples import Examples
from broker.incidents import Incidents
from broker.intake import Intake
from broker.lessons import Lessons
from broker.limits import Limits
from broker.listing import Listing
from broker.outbox import Outbox
from broker.presence import HealthBoard
from broker.recovery import Recovery
from broker.settings import BrokerSettings
from broker.statistics import Statistics
from broker.store import Clock, Store
from broker.topology import parse
from broker.users import Users
from broker.waiting import Line
from broker.work import Work

__all__ = ["Broker", "BrokerSettings"]


@dataclass(frozen=True, slots=True)
class Broker:
    """Redis as the house sees it. One an event loop; every call may raise `broker.errors.Unavailable`."""

    store: Store
    intake: Intake
    listing: Listing
    desk: Desk
    agents: AgentDirectory
    users: Users
    incidents: Incidents
    stats: Statistics
    health: HealthBoard
    events: Events
    limits: Limits
    work: Work
    duplicates: Duplicates
    answers: Answers
    advice: Advice
    examples: Examples
    lessons: Lessons
    recovery: Recovery
    outbox: Outbox

    @classmethod
    def assemble(
        cls,
        url: str,
        *,
        namespace: str = "smart-support",
        max_backlog: int = 100_000,
        claim_lease_s: float = 900,
        processing_lease_s: float = 30,
        max_attempts: int = 5,
        retention_days: float = 30,
        flood_window_s: float = 300,
        flood_threshold: int = 10,
        min_replicas: int = 0,
        clock: Clock = None,
    ) -> Self:
        """Connects at the first use. Raises ValueError on a bad URL. `clock`: see `broker.store.Clock`."""
        topology = parse(url)
        store = Store(open_redis(topology, namespace), namespace, clock, min_replicas=min_replicas)
        events = Events(store)
        listing = Listing(store, events)
        incidents = Incidents(store)
        return cls(
            store=store,
            intake=Intake(store, max_backlog),
            listing=listing,
            desk=Desk(store, Line(store, events), listing, lease_s=claim_lease_s),
            agents=AgentDirectory(store),
            users=Users(store),
            incidents=incidents,
            stats=Statistics(store),
            health=HealthBoard(store, max_backlog, topology.kind),
            events=events,
            limits=Limits(store),
            work=Work(
                store,
                lease_s=processing_lease_s,
                max_attempts=max_attempts,
                flood_window_s=flood_window_s,
                flood_threshold=flood_threshold,
            ),
            duplicates=Duplicates(store, window_s=flood_window_s, threshold=flood_threshold),
            answers=Answers(store),
            advice=Advice(store),
            examples=Examples(store),
            lessons=Lessons(store),
            recovery=Recovery(store, incidents, max_attempts=max_attempts, retention_days=retention_days),
            outbox=Outbox(store),
        )

    @classmethod
    def from_settings(cls, settings: BrokerSettings) -> Self:
        """Raises ValueError on a bad URL."""
        return cls.assemble(
            settings.redis_url,
            namespace=settings.namespace,
            max_backlog=settings.max_backlog,
            claim_lease_s=settings.claim_lease_seconds,
            processing_lease_s=settings.processing_lease_seconds,
            max_attempts=settings.max_attempts,
            retention_days=settings.retention_days,
            flood_window_s=settings.flood_window_seconds,
            flood_threshold=settings.flood_threshold,
            min_replicas=settings.min_replicas,
        )

    @classmethod
    async def open(cls, url: str, **options: object) -> Self:
        """`assemble`, and Redis has answered. Raises Unavailable, ValueError."""
        broker = cls.assemble(url, **options)  # type: ignore[arg-type]
        try:
            await broker.store.now_ms()
        except BaseException:
            await broker.close()
            raise
        return broker

    async def close(self) -> None:
        await self.events.close()
        await self.store.close()
