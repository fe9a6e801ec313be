"""Plots as inline SVG, no library and no script: axes, lines, bars; the figures under the pointer come as the browser's own tooltips.

Colours are classes (c0, c1, ...), so that the page's style sheet decides on them for light and dark.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from scripts.storm_histogram import Bar

# Units of the viewBox; the page scales it.
WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 26
# A span of values wider than this is drawn on a logarithmic axis, or all but the peak would lie on the floor.
LOG_FROM = 40.0
TICKS = 5
# A logarithmic axis this short has room for 2 and 5 between the powers of ten.
DECADES_WITH_STEPS = 3


@dataclass(frozen=True)
class Series:
    """Points (x, y) in order of x. `colour`: 0..4. `area`: filled down to the floor."""

    name: str
    colour: int
    points: Sequence[tuple[float, float]]
    area: bool = False


class _Scale:
    """Values to units along an axis, from `low` to `high`."""

    def __init__(self, low: float, high: float, start: float, end: float, *, log: bool) -> None:
        self.log = log
        self._low, self._high = (math.log10(low), math.log10(high)) if log else (low, high)
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        if self.log:
            value = math.log10(value) if value > 0 else self._low
        share = (value - self._low) / (self._high - self._low)
        return round(self._start + min(1.0, max(0.0, share)) * (self._end - self._start), 1)

    def ticks(self) -> list[float]:
        if self.log:
            factors = (1,) if self._high - self._low > DECADES_WITH_STEPS else (1, 2, 5)
            powers = range(math.floor(self._low), math.ceil(self._high) + 1)
            values = [float(factor * 10**power) for power in powers for factor in factors]
            return [value for value in values if self._low - 1e-9 <= math.log10(value) <= self._high + 1e-9]
        step = _step(self._high - self._low)
        return [
            number * step for number in range(math.ceil(self._low / step), math.floor(self._high / step + 1e-9) + 1)
        ]


def lines(series: Sequence[Series], *, unit: str, label: str, may_be_log: bool = False) -> str:
    """Lines over seconds. `label`: for those who can't see it. Empty without points."""
    points = [point for one in series for point in one.points]
    if not points:
        return ""
    positive = [y for _, y in points if y > 0]
    high = max(positive, default=1.0)
    log = may_be_log and bool(positive) and high / min(positive) > LOG_FROM
    low = 10 ** math.floor(math.log10(min(positive))) if log else 0.0
    top = 10 ** math.ceil(math.log10(high) + 1e-9) if log else _step(high) * math.ceil(high / _step(high) + 1e-9)
    x = _Scale(0.0, max(max(at for at, _ in points), 1.0), LEFT, WIDTH - RIGHT, log=False)
    y = _Scale(low, top, HEIGHT - BOTTOM, TOP, log=log)
    drawn = [*_axes(x, y, "s", unit)]
    for one in series:
        if not one.points:
            continue
        path = " ".join(f"{x(at)},{y(value)}" for at, value in one.points)
        if one.area:
            floor = HEIGHT - BOTTOM
            ends = f"{x(one.points[-1][0])},{floor} {x(one.points[0][0])},{floor}"
            drawn.append(f'<polygon class="area c{one.colour}" points="{path} {ends}"/>')
        drawn.append(f'<polyline class="line c{one.colour}" points="{path}"/>')
    drawn += _tooltips(series, x, unit)
    return _svg(drawn, label)


def histogram(bars: Sequence[Bar], marks: dict[str, float], *, label: str) -> str:
    """Bars over a logarithmic axis of milliseconds, with named marks. Empty without bars."""
    if not bars:
        return ""
    most = max(bar.count for bar in bars)
    x = _Scale(bars[0].from_ms, bars[-1].to_ms, LEFT, WIDTH - RIGHT, log=True)
    y = _Scale(0.0, _step(most) * math.ceil(most / _step(most)), HEIGHT - BOTTOM, TOP, log=False)
    drawn = [*_axes(x, y, "ms", "")]
    for bar in bars:
        left, right, top = x(bar.from_ms), x(bar.to_ms), y(bar.count)
        says = f"{_short(bar.from_ms)} to {_short(bar.to_ms)} ms: {bar.count:,}"
        drawn.append(
            f'<rect class="bar" x="{left}" y="{top}" width="{max(0.5, right - left - 1):.1f}" '
            f'height="{HEIGHT - BOTTOM - top:.1f}"><title>{says}</title></rect>'
        )
    for level, (name, value) in enumerate(marks.items()):
        at = x(value)
        anchor, aside = ("end", -4) if at > (LEFT + WIDTH) / 2 else ("start", 4)
        drawn.append(f'<line class="mark" x1="{at}" x2="{at}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        drawn.append(
            f'<text class="named" x="{at + aside}" y="{TOP + 10 + 14 * level}" text-anchor="{anchor}">{escape(name)}</text>'
        )
    return _svg(drawn, label)


def _axes(x: _Scale, y: _Scale, x_unit: str, y_unit: str) -> Iterator[str]:
    floor = HEIGHT - BOTTOM
    for value in y.ticks():
        at = y(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>'
        yield f'<text class="tick" x="{LEFT - 6}" y="{at + 4}" text-anchor="end">{_short(value)}</text>'
    for value in x.ticks():
        yield f'<line class="notch" x1="{x(value)}" x2="{x(value)}" y1="{floor}" y2="{floor + 4}"/>'
        yield f'<text class="tick" x="{x(value)}" y="{floor + 16}" text-anchor="middle">{_short(value)}</text>'
    yield f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}"/>'
    yield f'<text class="unit" x="{WIDTH - RIGHT}" y="{floor - 5}" text-anchor="end">{x_unit}</text>'
    yield f'<text class="unit" x="{LEFT + 4}" y="{TOP + 4}">{y_unit}</text>'


def _tooltips(series: Sequence[Series], x: _Scale, unit: str) -> Iterator[str]:
    """A column over each moment, as wide as its share, that says every line's figure there."""
    moments: dict[float, list[str]] = {}
    for one in series:
        for at, value in one.points:
            moments.setdefault(at, []).append(f"{one.name} {_short(value)} {unit}".strip())
    times = sorted(moments)
    for number, at in enumerate(times):
        left = LEFT if number == 0 else (x(times[number - 1]) + x(at)) / 2
        right = WIDTH - RIGHT if number == len(times) - 1 else (x(at) + x(times[number + 1])) / 2
        says = escape(f"{_short(at)} s: " + ", ".join(moments[at]))
        yield (
            f'<rect class="column" x="{left:.1f}" y="{TOP}" width="{right - left:.1f}" height="{HEIGHT - TOP - BOTTOM}">'
            f"<title>{says}</title></rect>"
        )


def _svg(drawn: Sequence[str], label: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">{"".join(drawn)}</svg>'


def _step(span: float) -> float:
    """1, 2 or 5 times a power of ten: about `TICKS` of them fill the span."""
    rough = span / TICKS
    power = float(10 ** math.floor(math.log10(rough)))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)


def _short(value: float) -> str:
    """Three digits or so: 0.25, 3.1, 42, 1,250, 20k."""
    if value >= 10_000:
        return f"{value / 1000:,.0f}k"
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"
