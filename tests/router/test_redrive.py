import httpx

from broker import Broker
from broker.records import NewTicket


async def test_a_dead_ticket_is_tried_again(redis_url: str, namespace: str, api: httpx.AsyncClient) -> None:
    fragile = await Broker.open(redis_url, namespace=namespace, max_attempts=1)
    ticket_id = (await fragile.intake.submit(NewTicket(subject="poison"))).ticket_id
    assert (await api.post(f"/tickets/{ticket_id}/redrive")).status_code == 409
    batch = await fragile.work.take(1)
    assert batch is not None
    await batch.give_back(batch.tickets, reason="judging failed: Boom")
    dead = (await api.get("/tickets", params={"status": "dead"})).json()["items"]
    assert [ticket["ticket_id"] for ticket in dead] == [ticket_id]
    answer = await api.post(f"/tickets/{ticket_id}/redrive")
    assert answer.status_code == 200 and answer.json()["status"] == "pending" and answer.json()["attempts"] == 0
    assert (await api.post("/tickets/nothing/redrive")).status_code == 404
    await fragile.close()
