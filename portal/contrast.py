"""Makes any accent readable: keeps a tenant's hue, moves its lightness until WCAG's ratios hold. Pure.

Ratios are WCAG 2.2, 1.4.3 (text, 4.5:1) and 1.4.11 (edges, 3:1). Lightness moves in OKLab, whose hues stay
put (https://bottosson.github.io/posts/oklab/). Colours are "#rrggbb".
"""

import math
import re
from dataclasses import dataclass

TEXT = 4.5
EDGE = 3.0
FALLBACK = "#1f6a57"

_HEX = re.compile(r"#[0-9a-f]{6}")
_PAPER_LIGHT = "#f6f6f3"  # the darkest light ground and the lightest dark ground that accent text stands on
_GROUND_DARK = "#20242a"

Linear = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Palette:
    """One scheme's accent: `text` on the ground, `fill` under `on_fill`, `wash` under `text`, `line` edge."""

    text: str
    fill: str
    on_fill: str
    wash: str
    line: str


def light_palette(accent: str) -> Palette:
    """Return the accent for light pages; text reaches 4.5:1 on paper, on white and on its own wash."""
    colour = normal(accent)
    wash = _at(colour, lightness=0.955, chroma=0.022)
    text = readable(readable(colour, on=_PAPER_LIGHT, ratio=TEXT), on=wash, ratio=TEXT)
    fill, on_fill = _fill(colour, floor=_PAPER_LIGHT)
    return Palette(
        text=text, fill=fill, on_fill=on_fill, wash=wash, line=_at(colour, lightness=0.80, chroma=0.06)
    )


def dark_palette(accent: str) -> Palette:
    """Return the accent for dark pages; text reaches 4.5:1 on every dark ground and on its own wash."""
    colour = normal(accent)
    wash = _at(colour, lightness=0.29, chroma=0.04)
    text = readable(readable(colour, on=_GROUND_DARK, ratio=TEXT), on=wash, ratio=TEXT)
    fill, on_fill = _fill(colour, floor=_GROUND_DARK)
    return Palette(
        text=text, fill=fill, on_fill=on_fill, wash=wash, line=_at(colour, lightness=0.45, chroma=0.06)
    )


def normal(accent: str) -> str:
    """Return the accent in lower case, or the product's own when it is not "#rrggbb"."""
    colour = accent.strip().lower()
    return colour if _HEX.fullmatch(colour) else FALLBACK


def readable(colour: str, *, on: str, ratio: float) -> str:
    """Return `colour`, its lightness moved away from `on` by the least that reaches `ratio`."""
    if contrast(colour, on) >= ratio:
        return colour
    lightness, chroma, hue = _to_lch(colour)
    step = 0.01 if luminance(on) < 0.18 else -0.01
    while 0.0 < lightness < 1.0:
        lightness += step
        moved = _from_lch(lightness, chroma, hue)
        if contrast(moved, on) >= ratio:
            return moved
    return "#ffffff" if step > 0 else "#000000"


def contrast(one: str, other: str) -> float:
    """Return WCAG's ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return WCAG's relative luminance, from 0 to 1."""
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _fill(colour: str, *, floor: str) -> tuple[str, str]:
    """Return a button's ground and its text: white where the accent bears it, else dark."""
    lightness, chroma, hue = _to_lch(colour)
    if lightness > 0.80 and contrast(colour, floor) >= EDGE:
        return colour, "#14161a"
    filled = readable(colour, on="#ffffff", ratio=TEXT)
    if luminance(floor) < 0.18 and contrast(filled, floor) < EDGE / 2:
        filled = _from_lch(0.50, chroma, hue)
        filled = readable(filled, on="#ffffff", ratio=TEXT)
    return filled, "#ffffff"


def _at(colour: str, *, lightness: float, chroma: float) -> str:
    """Return the colour's hue at a fixed lightness, with at most `chroma`."""
    _, own, hue = _to_lch(colour)
    return _from_lch(lightness, min(own, chroma), hue)


def _linear(colour: str) -> Linear:
    """Return linear-light red, green, blue from 0 to 1 (IEC 61966-2-1)."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _decode(red), _decode(green), _decode(blue)


def _decode(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _encode(value: float) -> int:
    clipped = min(1.0, max(0.0, value))
    encoded = clipped * 12.92 if clipped <= 0.0031308 else 1.055 * float(clipped ** (1 / 2.4)) - 0.055
    return round(encoded * 255)


def _to_lch(colour: str) -> tuple[float, float, float]:
    """Return OKLCh: lightness 0-1, chroma, hue in radians."""
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _from_lch(lightness: float, chroma: float, hue: float) -> str:
    """Return the colour; chroma shrinks until it lies inside sRGB."""
    while True:
        linear = _from_lab(lightness, chroma * math.cos(hue), chroma * math.sin(hue))
        if chroma < 0.002 or all(-0.001 <= value <= 1.001 for value in linear):
            return "#" + "".join(f"{_encode(value):02x}" for value in linear)
        chroma *= 0.95


def _from_lab(lightness: float, a: float, b: float) -> Linear:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
