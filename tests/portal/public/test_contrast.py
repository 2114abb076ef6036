"""Whatever accent a tenant picks, and whatever the tokens say, text can be read."""

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import portal
from portal.brand import brand_css
from portal.contrast import FALLBACK, Palette, contrast, dark_palette, light_palette, normal

TOKENS = Path(portal.__file__).parent / "static/portal/css/tokens.css"
PAIR = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
LIGHT = {name: light for name, light, _ in PAIR.findall(TOKENS.read_text())}
DARK = {name: dark for name, _, dark in PAIR.findall(TOKENS.read_text())}
GROUNDS = ("paper", "surface", "sunken", "raised")

accents = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@given(accents)
def test_any_accent_is_readable_on_light_pages(accent: str) -> None:
    check(light_palette(accent), LIGHT, floor=LIGHT["paper"])


@given(accents)
def test_any_accent_is_readable_on_dark_pages(accent: str) -> None:
    check(dark_palette(accent), DARK, floor=DARK["raised"])


def check(palette: Palette, tokens: dict[str, str], *, floor: str) -> None:
    for ground in (tokens["paper"], tokens["surface"], floor, palette.wash):
        assert contrast(palette.text, ground) >= 4.5
    assert contrast(palette.on_fill, palette.fill) >= 4.5


def test_an_accent_that_is_readable_already_stays_itself() -> None:
    assert light_palette("#0B6E4F").text == "#0b6e4f"
    assert light_palette("#0B6E4F").fill == "#0b6e4f"


@pytest.mark.parametrize("accent", ["", "red", "#12345", "#1234567", "url(x)"])
def test_what_is_no_colour_becomes_our_own(accent: str) -> None:
    assert normal(accent) == FALLBACK


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_every_ink_is_readable_on_every_ground(tokens: dict[str, str]) -> None:
    inks = ("ink", "ink-soft", "ink-faint", "good", "warn", "bad")
    faint = {
        (ink, ground): round(contrast(tokens[ink], tokens[ground]), 2)
        for ink, ground in itertools.product(inks, GROUNDS)
        if contrast(tokens[ink], tokens[ground]) < 4.5
    }
    assert faint == {}
    for state in ("good", "warn", "bad"):
        assert contrast(tokens[state], tokens[f"{state}-wash"]) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_edges_of_controls_are_seen(tokens: dict[str, str]) -> None:
    for ground in ("paper", "surface"):
        assert contrast(tokens["line-control"], tokens[ground]) >= 3


def test_brand_css_says_five_properties_in_their_layer() -> None:
    css = brand_css("#2456d6")
    assert re.findall(r"--[a-z-]+", css) == [
        "--accent",
        "--accent-fill",
        "--on-accent",
        "--accent-wash",
        "--accent-line",
    ]
    assert css.startswith("@layer brand{:root{--accent:light-dark(#2456d6,#")
