"""A batch in parts that the model can take at once."""

from hypothesis import given
from hypothesis import strategies as st

from ml.portions import portions


def test_portions_keep_the_budget_and_put_texts_of_a_length_together() -> None:
    assert portions([], 10) == []
    assert portions([4, 4, 4, 20, 1, 9, 1], 10) == [[4, 6, 0, 1], [2], [5], [3]]


def test_portions_are_even() -> None:
    """Not a full one and a rest: the encoder takes eight at a time, and twelve and four would cost it three passes."""
    assert [len(portion) for portion in portions([42] * 16, 512)] == [8, 8]


@given(st.lists(st.integers(1, 300)), st.integers(1, 600))
def test_portions_hold_each_text_once(tokens: list[int], most: int) -> None:
    made = portions(tokens, most)
    assert sorted(index for portion in made for index in portion) == list(range(len(tokens)))
    assert all(len(portion) == 1 or sum(tokens[index] for index in portion) <= most for portion in made)
