"""Everything the broker raises, one tree.

BrokerError
├── Unavailable          Redis is away, out of memory or refuses: try again in `retry_after_s`
│   └── BacklogFull      the promise to keep what we accept allows no more for now
├── Conflict             the request contradicts what stands
│   ├── TicketExists     this ticket_id was taken with other content
│   ├── KeyReused        this idempotency key came with another payload before
│   ├── StaleLease       the token is not the current holder's: nothing was changed
│   ├── WrongState       the ticket's status does not allow this
│   └── EmailTaken       another user has this email
└── NotFound             no such ticket, agent or incident
"""


class BrokerError(Exception):
    """Base of the tree; carries a sentence fit for a user."""


class Unavailable(BrokerError):
    def __init__(self, message: str, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class BacklogFull(Unavailable):
    """`MAX_BACKLOG` tickets wait to be judged already."""


class Conflict(BrokerError):
    """Nothing was changed."""


class TicketExists(Conflict):
    pass


class KeyReused(Conflict):
    pass


class StaleLease(Conflict):
    pass


class WrongState(Conflict):
    pass


class EmailTaken(Conflict):
    pass


class NotFound(BrokerError):
    pass
