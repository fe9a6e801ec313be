import pytest

from broker import Broker, answers
from tests.broker.conftest import MakeBroker
from tests.broker.desk_work import Clock, pull, ready, token, vector


async def answered(broker: Broker, text: str) -> str:
    ticket_id = await ready(broker)
    held = await pull(broker)
    await broker.desk.resolve(ticket_id, token(held), text)
    return ticket_id


async def test_an_answer_is_found_again_by_similarity_in_every_process(make_broker: MakeBroker) -> None:
    one, other = await make_broker(), await make_broker()
    ticket_id = await answered(one, "Turn it off and on.")
    [ticket] = await one.answers.to_learn(10)
    assert (ticket.ticket_id, ticket.response) == (ticket_id, "Turn it off and on.")
    assert await other.answers.to_learn(10) == [], "handed out once"
    await one.answers.learn(ticket_id, "test", vector(1, 0), "Turn it off and on.")
    for broker in (one, other):
        await broker.answers.refresh()
        precedent = broker.answers.nearest("test", vector(1, 0.1), 0.9)
        assert precedent is not None and precedent.response == "Turn it off and on." and precedent.similarity > 0.99
        assert broker.answers.nearest("test", vector(0, 1), 0.9) is None
        assert broker.answers.nearest("elsewhere", vector(1, 0), 0.9) is None


async def test_a_resolution_without_words_is_handed_out_too_since_it_agrees_with_the_category(broker: Broker) -> None:
    ticket_id = await ready(broker)
    held = await pull(broker)
    await broker.desk.resolve(held.ticket_id, token(held))
    [ticket] = await broker.answers.to_learn(10)
    assert (ticket.ticket_id, ticket.response) == (ticket_id, None)


async def test_the_oldest_answers_are_forgotten(broker: Broker, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_ANSWERS", 3)
    places = [vector(*(1.0 if m == n else 0.0 for m in range(6))) for n in range(6)]
    for n, place in enumerate(places):
        clock.pass_s(1)
        await broker.answers.learn(f"t{n}", "test", place, f"answer {n}")
        await broker.answers.refresh()
    assert await broker.store.command("HLEN", broker.store.keys.name("answers")) == 3
    known = [broker.answers.nearest("test", place, 0.9) for place in places]
    assert [one.response if one else None for one in known] == [None, None, None, "answer 3", "answer 4", "answer 5"]
