"""The route table of the whole API. Order matters twice: the intake is looked up first, and fixed words come before ids."""

from router import agents, desk, incidents, pages, probes, tickets
from router.operations import Operation

OPERATIONS: tuple[Operation, ...] = (
    *(operation for operation in tickets.OPERATIONS if "{" not in operation.route),
    *desk.OPERATIONS,
    *(operation for operation in tickets.OPERATIONS if "{" in operation.route),
    *agents.OPERATIONS,
    *incidents.OPERATIONS,
    *probes.OPERATIONS,
    *pages.OPERATIONS,
)


def by_route(operations: tuple[Operation, ...] = OPERATIONS) -> dict[str, list[Operation]]:
    """Grouped by path, in the table's order: one path is one resource, so that 405 can list every method."""
    grouped: dict[str, list[Operation]] = {}
    for operation in operations:
        grouped.setdefault(operation.route, []).append(operation)
    return grouped
