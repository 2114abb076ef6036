"""A business's colour before and after its correction, in values that a page can show. Pure."""

from dataclasses import dataclass

from portal.contrast import TEXT, Palette, contrast, dark_palette, light_palette, normal

_WHITE, _PAPER, _GROUND = "#ffffff", "#f6f6f3", "#20242a"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One scheme's colours beside what was chosen: ratios are WCAG's, as "4.6:1"."""

    scheme: str
    ground: str
    ink: str
    palette: Palette
    before: str
    after: str
    moved: bool


@dataclass(frozen=True, kw_only=True)
class ColourView:
    """What was chosen, and how pages use it; `words` says what was corrected, or that nothing had to be."""

    chosen: str
    samples: tuple[Sample, ...]
    words: str


def colour_view(accent: str) -> ColourView:
    """Return the samples for light and dark pages."""
    chosen = normal(accent)
    samples = (
        _sample("Light pages", chosen, light_palette(chosen), ground=_WHITE, ink="#1a1c20", floor=_PAPER),
        _sample("Dark pages", chosen, dark_palette(chosen), ground="#181b1f", ink="#eceef1", floor=_GROUND),
    )
    moved = [sample.scheme.lower() for sample in samples if sample.moved]
    words = (
        f"Text in this colour could not be read on {' and '.join(moved)}, so there it is moved "
        f"{'darker or lighter' if len(moved) == 2 else 'darker' if 'light pages' in moved else 'lighter'}, "
        f"by the least that reaches {TEXT}:1. The hue stays yours."
        if moved
        else "It is readable as it is, on light and on dark pages."
    )
    return ColourView(chosen=chosen, samples=samples, words=words)


def _sample(scheme: str, chosen: str, palette: Palette, *, ground: str, ink: str, floor: str) -> Sample:
    return Sample(
        scheme=scheme,
        ground=ground,
        ink=ink,
        palette=palette,
        before=f"{contrast(chosen, floor):.1f}:1",
        after=f"{contrast(palette.text, floor):.1f}:1",
        moved=palette.text != chosen,
    )
