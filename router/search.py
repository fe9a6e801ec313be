"""Finding tickets: by what they are, whose they are and where they belong."""

from starlette.responses import Response

from router.inputs import NoBody, NoPath, SearchQuery
from router.operations import Call, Operation, Reply, json_reply
from router.outputs import TicketOut, TicketPage
from router.problems import invalid

# The caller's names for what the broker indexes, where they differ.
_INDEX_OF = {"agent": "assigned_agent", "incident": "incident_id"}
_YES_NO = {"true": "1", "false": "0"}


async def search(call: Call[NoPath, SearchQuery, NoBody]) -> Response:
    try:
        page = await call.broker.listing.search(filters(call.query), call.query.limit, call.query.cursor)
    except ValueError:
        raise invalid([("cursor", "not one of ours, or of another listing")]) from None
    return json_reply(TicketPage.model_construct(items=[TicketOut.of(item) for item in page.items], cursor=page.cursor))


def filters(query: SearchQuery) -> dict[str, str]:
    """The filters given, as the broker names them."""
    given = query.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_none=True)
    if "needs_review" in given:
        given["needs_review"] = _YES_NO[given["needs_review"]]
    return {_INDEX_OF.get(name, name): value for name, value in given.items()}


OPERATIONS = (
    Operation(
        "GET",
        "/tickets",
        search,
        "Find tickets",
        "tickets",
        (Reply(200, "Newest first", TicketPage),),
        says="A ticket must match every filter given. One call looks at a bounded number of tickets, so a page may be shorter "
        "than `limit`, even empty, while its `cursor` still leads on.",
    ),
)
