"""WCAG AA, computed from the colours themselves. Needs no browser."""

import re

import pytest

from router.console_files import FOLDER

# WCAG 2.2: 1.4.3 for text, 1.4.11 for what else must be seen.
TEXT = 4.5
GRAPHIC = 3.0

GROUNDS = ("surface", "sunk", "tint")
PAIRS = [
    *((ink, ground, TEXT) for ink in ("text", "soft") for ground in (*GROUNDS, "ground", "warn-tint", "bad-tint")),
    *((ink, ground, TEXT) for ink in ("high", "medium", "low", "accent") for ground in GROUNDS),
    ("medium", "warn-tint", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("surface", "text", TEXT),  # the messages
    *((ink, "surface", GRAPHIC) for ink in ("edge", "good", "accent", "high", "medium", "low")),
    ("edge", "sunk", GRAPHIC),
    ("accent", "ground", GRAPHIC),
]


def colours(scheme: str) -> dict[str, str]:
    light, dark = (FOLDER / "colours.css").read_text().split("@media (prefers-color-scheme: dark)")
    pattern = r"--([a-z-]+): (#[0-9a-f]{6});"
    found = dict(re.findall(pattern, light))
    return found | dict(re.findall(pattern, dark)) if scheme == "dark" else found


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_knows_black_on_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_every_pair_that_meets_on_the_page_is_readable(scheme: str, ink: str, ground: str, least: float) -> None:
    known = colours(scheme)
    assert contrast(known[ink], known[ground]) >= least


def test_both_schemes_have_every_colour() -> None:
    light, dark = colours("light"), colours("dark")
    assert set(light) == set(dark)
    assert all(light[name] != dark[name] for name in light)


def test_no_colour_stands_outside_the_palette() -> None:
    for file in FOLDER.glob("*.css"):
        if file.name != "colours.css":
            assert not re.findall(
                r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", re.sub(r"#[a-z][\w-]*[^{};]*\{", "{", file.read_text())
            )
