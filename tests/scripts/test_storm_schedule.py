"""When sends are due: counts follow the area under the rate, whatever its shape."""

import itertools
import random

import pytest

from scripts.storm_schedule import Ramp, Spike, arrivals, ramp_of, spike_of, stretches


def test_a_steady_rate_is_evenly_spaced() -> None:
    due = list(arrivals(stretches(Ramp(4, 4), 2)))
    assert due == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75]


@pytest.mark.parametrize("ramp", [Ramp(0, 100), Ramp(100, 0), Ramp(20, 80)])
def test_a_ramp_sends_its_area_with_gaps_that_only_shrink_or_only_grow(ramp: Ramp) -> None:
    due = list(arrivals(stretches(ramp, 4)))
    assert len(due) == 200 and due == sorted(due) and due[0] >= 0 and due[-1] < 4
    gaps = [later - earlier for earlier, later in itertools.pairwise(due)]
    assert all((a - b) * (ramp.last - ramp.first) > -1e-9 for a, b in itertools.pairwise(gaps))


def test_a_spike_stands_in_place_of_the_usual_rate() -> None:
    due = list(arrivals(stretches(Ramp(10, 10), 10, [Spike(100, 4, 2)])))
    assert [sum(start <= at < start + 2 for at in due) for start in range(0, 10, 2)] == [20, 20, 200, 20, 20]


def test_a_pause_sends_nothing() -> None:
    due = list(arrivals(stretches(Ramp(10, 10), 3, [Spike(0, 1, 1)])))
    assert len(due) == 20 and not [at for at in due if 1 < at < 1.999]


def test_poisson_arrivals_have_the_rate_and_the_spread_of_their_kind() -> None:
    due = list(arrivals(stretches(Ramp(100, 100), 100), random.Random(1)))
    gaps = [later - earlier for earlier, later in itertools.pairwise(due)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    # 10,000 expected: five standard deviations. The gaps of a Poisson process deviate by as much as they last.
    assert abs(len(due) - 10_000) < 500
    assert variance**0.5 / mean == pytest.approx(1, abs=0.05)
    assert due == list(arrivals(stretches(Ramp(100, 100), 100), random.Random(1)))


def test_what_people_write() -> None:
    assert ramp_of("50") == Ramp(50, 50) and ramp_of(" 5.5:500") == Ramp(5.5, 500)
    assert spike_of("500@4+2.5") == Spike(500, 4, 2.5)


@pytest.mark.parametrize("text", ["", "fast", "-5", "0", "0:0", "5:", "5:6:7", "1e5"])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="a rate is"):
        ramp_of(text)


@pytest.mark.parametrize("text", ["", "5", "5@1", "5@1+0", "@1+1", "5@-1+1"])
def test_what_is_no_spike(text: str) -> None:
    with pytest.raises(ValueError, match="a spike is"):
        spike_of(text)
