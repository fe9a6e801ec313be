"""The schema, the Lua files and the documentation in them say the same."""

import re

import pytest

from broker.keys import SCHEMA, Keys
from broker.scripts import LUA, Code, compose

FILES = {path.stem: path.read_text() for path in LUA.glob("*.lua")}
VERBS = sorted(name for name, text in FILES.items() if text.startswith("-- purpose:"))
PIECES = sorted(name for name, text in FILES.items() if text.startswith("-- Included."))


def test_every_file_is_a_verb_or_a_piece_and_no_piece_is_orphaned() -> None:
    assert sorted(FILES) == sorted(VERBS + PIECES)
    used = {
        word
        for text in FILES.values()
        for line in re.findall(r"^-- INCLUDE: (.+)$", text, re.M)
        for word in line.split()
    }
    assert used == set(PIECES)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_says_what_it_takes_and_returns(verb: str) -> None:
    header = FILES[verb].split("\n\n")[0]
    assert "-- ARGV: now" in header and "-- returns: " in header


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_declares_documented_keys_only_and_reaches_no_others(verb: str) -> None:
    text, keys = compose(verb)
    assert set(keys) <= set(SCHEMA)
    assert len(keys) == len(set(keys))
    # No key made by hand: nothing but a declared local or a prefix local in front of an id.
    assert "'{" not in re.sub(r"'\{\"ticket_id\".*", "", text)
    assert not re.search(r"redis\.call\('[A-Z]+', '", text)
    assert "KEYS *" not in text and "'SCAN'" not in text and "'KEYS'" not in text


@pytest.mark.parametrize("verb", VERBS)
def test_codes_in_a_header_are_codes_of_the_enum(verb: str) -> None:
    header = FILES[verb].split("\n\n")[0]
    returns = header.split("-- returns: ")[1].split("-- INCLUDE")[0]
    named = set(re.findall(r"\b[A-Z]{2,}_?[A-Z_]*[A-Z]\b", returns)) - {"JSON"}
    assert named <= {code.name for code in Code}


def test_every_documented_key_is_used() -> None:
    used = {key for verb in VERBS for key in compose(verb)[1]}
    python = "".join(path.read_text() for path in LUA.parent.glob("*.py"))
    unused = [key for key in SCHEMA if key not in used and f'"{key}"' not in python.replace(f'"{key}": Key', "")]
    assert unused == []


def test_all_keys_of_a_namespace_share_a_slot() -> None:
    keys = Keys("shop")
    assert {keys.name(key, "x").split("}")[0] for key in SCHEMA} == {"{shop"}
    assert keys.name("ticket*", "7") == "{shop}:ticket:7"
    with pytest.raises(KeyError):
        keys.name("nothing")
