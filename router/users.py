"""Requesters: who writes tickets."""

from starlette.responses import Response

from broker.errors import NotFound
from router.inputs import NoBody, NoPath, NoQuery, UserIn, UserPath, UsersQuery
from router.operations import Call, Operation, Reply, json_reply
from router.people_outputs import UserOut, UserPage
from router.problems import invalid


async def create(call: Call[NoPath, NoQuery, UserIn]) -> Response:
    user = UserOut.of(await call.broker.users.create(call.body.name, call.body.email))
    return json_reply(user, 201, {"Location": f"/users/{user.user_id}"})


async def get(call: Call[UserPath, NoQuery, NoBody]) -> Response:
    return json_reply(UserOut.of(await call.broker.users.get(call.path.user_id)))


async def find(call: Call[NoPath, UsersQuery, NoBody]) -> Response:
    if call.query.email is not None:
        return json_reply(await _with_email(call, call.query.email))
    try:
        page = await call.broker.users.list(call.query.limit, call.query.cursor)
    except ValueError:
        raise invalid([("cursor", "not one of ours, or of another listing")]) from None
    return json_reply(UserPage.model_construct(items=[UserOut.of(user) for user in page.items], cursor=page.cursor))


async def _with_email(call: Call[NoPath, UsersQuery, NoBody], email: str) -> UserPage:
    """A search that finds nobody is an empty page, as with any other filter."""
    try:
        return UserPage.model_construct(items=[UserOut.of(await call.broker.users.find(email))], cursor=None)
    except NotFound:
        return UserPage.model_construct(items=[], cursor=None)


OPERATIONS = (
    Operation(
        "POST",
        "/users",
        create,
        "Make a user",
        "users",
        (Reply(201, "Made", UserOut, headers={"Location": "the new user"}),),
        problems=("email-taken",),
    ),
    Operation("GET", "/users", find, "Users, newest first", "users", (Reply(200, "A page", UserPage),)),
    Operation(
        "GET", "/users/{user_id}", get, "One user", "users", (Reply(200, "The user", UserOut),), problems=("not-found",)
    ),
)
