"""Charts as SVG for the report, drawn with the design tokens' custom properties; each is also a table or a sentence."""

from collections.abc import Mapping, Sequence
from html import escape

from lab.verdict import Sample, percentile

WIDE, HIGH, LEFT, BOTTOM = 720, 260, 72, 28
MOST_DOTS = 3000
KINDS = (("good", "answered as wished (2xx)"), ("soft", "refused in words (409, 429)"), ("bad", "errors"))


def answers_over_time(samples: Sequence[Sample]) -> str:
    """Each answer a dot: when it came, how long it took, how it ended (by colour and by form)."""
    if not samples:
        return ""
    last = max(at for at, *_ in samples) or 1
    slowest = max(ms for _, _, ms, _ in samples) or 1
    step = max(1, len(samples) // MOST_DOTS)
    dots = "".join(
        _dot(LEFT + at / last * (WIDE - LEFT - 12), 12 + (1 - ms / slowest) * (HIGH - BOTTOM - 20), status)
        for at, _, ms, status in samples[::step]
    )
    legend = " ".join(f'<span class="key {kind}">{words}</span>' for kind, words in KINDS)
    title = f"{len(samples)} answers in {last / 1000:.1f} s, the slowest after {slowest:.0f} ms"
    return _figure("Answers as they came", title, _axes(slowest, last) + dots, legend)


def latency_bars(latency: Mapping[str, Mapping[str, float]]) -> str:
    """p50, p95 and p99 of each kind of request, side by side."""
    rows = [(f"{name}: {part}", value) for name, parts in latency.items() for part, value in parts.items()]
    return _bars("Latency by kind of request, in milliseconds", rows, "ms")


def cpu_bars(cpu: Mapping[str, float]) -> str:
    """Milliseconds of CPU of each process for one operation."""
    return _bars("Server CPU for one operation, in milliseconds", list(cpu.items()), "ms")


def spread(samples: Sequence[Sample]) -> str:
    """How many answers took how long: twenty steps up to p99, the last one is all beyond."""
    ordered = sorted(ms for _, _, ms, _ in samples)
    top = percentile(ordered, 99)
    if not top:
        return ""
    counts = [0] * 20
    for ms in ordered:
        counts[min(19, int(ms / top * 19))] += 1
    width = (WIDE - LEFT - 12) / 20
    most = max(counts)
    bars = "".join(
        f'<rect class="bar" x="{LEFT + number * width:.1f}" y="{12 + (1 - count / most) * (HIGH - BOTTOM - 20):.1f}"'
        f' width="{width - 2:.1f}" height="{count / most * (HIGH - BOTTOM - 20):.1f}"><title>{count} answers of about'
        f" {number * top / 19:.0f} ms</title></rect>"
        for number, count in enumerate(counts)
    )
    words = f"half took up to {percentile(ordered, 50):g} ms, 99 of 100 up to {top:g} ms"
    marks = f'<text x="{LEFT}" y="{HIGH - 6}">0 ms</text><text class="end" x="{WIDE - 12}" y="{HIGH - 6}">{top:g} ms</text>'
    return _figure("How long they took", words, bars + marks, "")


def _bars(title: str, rows: Sequence[tuple[str, float]], unit: str) -> str:
    if not rows:
        return ""
    most, row = max(value for _, value in rows) or 1, 26
    inner = "".join(
        f'<text x="0" y="{number * row + 17}">{escape(name)}</text>'
        f'<rect class="bar" x="240" y="{number * row + 4}" width="{max(1.0, value / most * (WIDE - 340)):.1f}" height="16" rx="3"/>'
        f'<text x="{248 + value / most * (WIDE - 340):.1f}" y="{number * row + 17}">{value:g} {unit}</text>'
        for number, (name, value) in enumerate(rows)
    )
    words = "; ".join(f"{name} {value:g} {unit}" for name, value in rows)
    return _figure(title, words, inner, "", high=len(rows) * row + 6)


def _figure(title: str, words: str, inner: str, legend: str, *, high: int = HIGH) -> str:
    return (
        f'<figure><figcaption><h3>{escape(title)}</h3><p>{escape(words)}</p></figcaption><svg viewBox="0 0 {WIDE} {high}"'
        f' role="img" aria-label="{escape(title + ": " + words)}">{inner}</svg>'
        f"{f'<p class=legend>{legend}</p>' if legend else ''}</figure>"
    )


def _axes(slowest: float, last: float) -> str:
    floor = HIGH - BOTTOM + 4
    return (
        f'<line x1="{LEFT}" y1="{floor}" x2="{WIDE}" y2="{floor}"/><line x1="{LEFT}" y1="8" x2="{LEFT}" y2="{floor}"/>'
        f'<text class="end" x="{LEFT - 6}" y="18">{slowest:.0f} ms</text><text class="end" x="{LEFT - 6}" y="{floor}">0</text>'
        f'<text x="{LEFT}" y="{HIGH - 6}">0 s</text><text class="end" x="{WIDE - 4}" y="{HIGH - 6}">{last / 1000:.1f} s</text>'
    )


def _dot(x: float, y: float, status: int) -> str:
    if 200 <= status < 400:
        return f'<circle class="good" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>'
    if status in (409, 429):
        return f'<rect class="soft" x="{x - 2.5:.1f}" y="{y - 2.5:.1f}" width="5" height="5"/>'
    return f'<path class="bad" d="M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8"/>'
