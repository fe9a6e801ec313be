"""The route table of the whole API. Order matters twice: the intake is looked up first, and fixed words come before ids."""

from router import agents, bulk, desk, incidents, models, pages, probes, search, tickets, triage, users
from router.operations import Operation

OPERATIONS: tuple[Operation, ...] = (
    *(operation for operation in tickets.OPERATIONS if "{" not in operation.route),
    *search.OPERATIONS,
    *bulk.OPERATIONS,
    *desk.OPERATIONS,
    *(operation for operation in tickets.OPERATIONS if "{" in operation.route),
    *triage.OPERATIONS,
    *agents.OPERATIONS,
    *users.OPERATIONS,
    *incidents.OPERATIONS,
    *models.OPERATIONS,
    *probes.OPERATIONS,
    *pages.OPERATIONS,
)


def by_route(operations: tuple[Operation, ...] = OPERATIONS) -> dict[str, list[Operation]]:
    """Grouped by path, in the table's order: one path is one resource, so that 405 can list every method."""
    grouped: dict[str, list[Operation]] = {}
    for operation in operations:
        grouped.setdefault(operation.route, []).append(operation)
    return grouped
