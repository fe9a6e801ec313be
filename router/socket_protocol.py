"""uvicorn's WebSocket protocol, with goodbyes that reach who still listens and end for good with who does not.

uvicorn's own waits until a full connection takes more, also before it says goodbye, and then closes a transport that closes only
when everything is sent: somebody who never reads again would hold a session, and its memory, for ever.
"""

from typing import TYPE_CHECKING

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

# Time to read what was sent already and then the goodbye.
GOODBYE_S = 5.0
# A stopping server waits for less.
GOODBYE_AT_STOP_S = 2.0


class SocketProtocol(WebSocketsSansIOProtocol):
    async def send(self, message: "ASGISendEvent") -> None:
        goodbye = message["type"] == "websocket.close" and self.handshake_complete
        if goodbye:
            self.writable.set()  # a few bytes behind what waits already
        await super().send(message)
        if goodbye and self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(GOODBYE_S, self.transport.abort)

    def shutdown(self) -> None:
        """The session has heard of the stop as well and says goodbye itself, with 1001 where uvicorn would say 1012."""
        self.loop.call_later(GOODBYE_AT_STOP_S, self.transport.abort)
        if self.handshake_complete and not self.close_sent:
            self.stop_keepalive()
            return
        super().shutdown()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.loop.call_later(GOODBYE_S, self.transport.abort)
