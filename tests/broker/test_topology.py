"""REDIS_URL in all its forms."""

import pytest

from broker import Broker
from broker.topology import Kind, Node, parse


def test_one_server() -> None:
    found = parse("redis://ann:p%40ss@db:7000/3?health_check_interval=5")
    assert (found.kind, found.tls, found.nodes) == (Kind.SINGLE, False, ())
    assert found.options == {
        "username": "ann", "password": "p@ss", "host": "db", "port": 7000, "db": 3, "health_check_interval": 5,
    }  # fmt: skip
    assert parse("rediss://db").tls
    assert parse("unix:///run/redis.sock?db=2").options["path"] == "/run/redis.sock"


def test_sentinels() -> None:
    found = parse(
        "redis+sentinel://ann:p%2Fss@one,two:26380,[::1]:5/desk/2?sentinel_password=s%26t&sentinel_username=bob"
    )
    assert found.kind is Kind.SENTINEL and found.service == "desk"
    assert found.nodes == (Node("one", 26379), Node("two", 26380), Node("::1", 5))
    assert found.options == {"username": "ann", "password": "p/ss", "db": 2}
    assert found.sentinel_options == {"username": "bob", "password": "s&t"}
    assert str(found.nodes[2]) == "[::1]:5"


def test_a_cluster() -> None:
    found = parse("rediss+cluster://:secret@one:7000,two,one:7000?ssl_ca_certs=/etc/ca.pem")
    assert (found.kind, found.tls, found.nodes) == (Kind.CLUSTER, True, (Node("one", 7000), Node("two", 6379)))
    assert found.options == {"password": "secret", "db": 0, "ssl_ca_certs": "/etc/ca.pem"}
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://x", "must begin with redis://"),
        ("localhost:6379", "must begin with redis://"),
        ("unix+cluster:///x", "must begin with redis://"),
        ("redis+ring://x", "must begin with redis://"),
        ("redis://:hunter/2@db", "%2F"),
        ("redis://db?db=x", "'db'"),
        ("redis://db?colour=red", "colour"),
        ("redis+cluster://db?colour=red", "colour"),
        ("rediss://db?ssl_cert_reqs=maybe", "maybe"),
        ("redis+sentinel://one:26379", "name the service"),
        ("redis+sentinel://one:26379/desk/two", "name the service"),
        ("redis+sentinel://one,,two/desk", "number 2 of its hosts"),
        ("redis+sentinel://:hunter/2@one/desk", "number 1 of its hosts"),
        ("redis+cluster://", "number 1 of its hosts"),
        ("redis+cluster://one:port", "number 1 of its hosts"),
        ("redis+cluster://one/1", "database 0 only"),
        ("redis+cluster://one?db=1", "database 0 only"),
        ("redis+cluster://one?sentinel_password=x", "belong to redis+sentinel"),
    ],
)
def test_a_wrong_url_is_a_sentence_without_secrets(url: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        Broker.assemble(url)
    assert said in str(caught.value) and "hunter" not in str(caught.value)
