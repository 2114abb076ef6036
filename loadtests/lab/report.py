"""The verdict as one HTML file that needs nothing else: our tokens, light and dark, charts as SVG."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from lab.charts import answers_over_time, cpu_bars, latency_bars, spread
from lab.verdict import PARTS, Sample, Verdict

ROOT = Path(__file__).resolve().parents[2]
TOKENS = ROOT / "portal" / "static" / "portal" / "css" / "tokens.css"
STYLE = """
@layer pages {
  body { margin: 0; background: var(--paper); color: var(--ink); font: var(--weight) var(--text-m)/var(--leading) var(--font); }
  main { max-width: 52rem; margin: 0 auto; padding: var(--space-6) var(--space-4) var(--space-8); }
  h1, h2, h3 { line-height: var(--leading-tight); font-weight: var(--weight-strong); margin: 0; }
  h1 { font-size: var(--text-2xl); } h2 { font-size: var(--text-xl); margin-top: var(--space-7); }
  h3 { font-size: var(--text-m); }
  .soft-words, figcaption p { color: var(--ink-soft); font-size: var(--text-s); margin: var(--space-1) 0 var(--space-3); }
  .verdict { margin: var(--space-5) 0; padding: var(--space-4); border-radius: var(--radius-m); border: var(--hairline); }
  .verdict.passed { background: var(--good-wash); } .verdict.broken { background: var(--bad-wash); }
  .verdict strong { display: block; } .passed strong { color: var(--good); } .broken strong { color: var(--bad); }
  figure { margin: var(--space-5) 0 0; padding: var(--space-4); background: var(--surface); border: var(--hairline);
    border-radius: var(--radius-m); }
  svg { width: 100%; height: auto; font-size: 13px; } svg text { fill: var(--ink-soft); font-variant-numeric: tabular-nums; }
  svg .end { text-anchor: end; } svg line { stroke: var(--line-strong); } svg .bar { fill: var(--accent-fill); }
  svg .good { fill: var(--good); } svg .soft { fill: var(--warn); } svg .bad { stroke: var(--bad); stroke-width: 2; }
  .legend { font-size: var(--text-s); color: var(--ink-soft); margin: var(--space-2) 0 0; }
  .key { margin-inline-end: var(--space-4); } .key::before { content: "● "; } .key.good::before { color: var(--good); }
  .key.soft::before { content: "■ "; color: var(--warn); } .key.bad::before { content: "✕ "; color: var(--bad); }
  .wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  th, td { text-align: start; padding: var(--space-2) var(--space-3) var(--space-2) 0; border-bottom: var(--hairline); }
  td.number, th.number { text-align: end; }
}
"""


def page(verdict: Verdict, samples: Sequence[Sample]) -> str:
    """Return the whole file."""
    state = "passed" if verdict.passed else "broken"
    word = "Every promise held" if verdict.passed else "A promise broke"
    judged = "" if verdict.speed_judged else " Speed was not judged."
    broken = "".join(f"<li>{escape(words)}</li>" for words in verdict.broken)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(verdict.scenario)}: {word.lower()}</title><style>{TOKENS.read_text()}{STYLE}</style></head>
<body><main>
<h1>{escape(verdict.scenario.replace("-", " ").capitalize())}</h1>
<p class="soft-words">{escape(verdict.site)} · {escape(verdict.started_at)} · {verdict.seconds:g} s</p>
<div class="verdict {state}"><strong>{word}</strong>{escape(verdict.sentence())}{judged}{f"<ul>{broken}</ul>" if broken else ""}</div>
{_facts(verdict)}
<h2>What the clients saw</h2>
{answers_over_time(samples)}{spread(samples)}{latency_bars(verdict.latency_ms)}
<h2>What it cost</h2>
<p class="soft-words">CPU of each process and its descendants for one request, idling taken away.{_missing(verdict)}{_measured(verdict)}</p>
{cpu_bars(verdict.server_cpu_ms_per_operation)}
<h2>In figures</h2>
{_table(verdict)}
</main></body></html>
"""


def _missing(verdict: Verdict) -> str:
    return (
        f" Not counted, for they run elsewhere: {escape(', '.join(verdict.not_counted))}."
        if verdict.not_counted
        else ""
    )


def _measured(verdict: Verdict) -> str:
    return f" {escape(verdict.measured)}" if verdict.measured else ""


def _facts(verdict: Verdict) -> str:
    rows = (
        (
            "Bookings",
            f"{verdict.winners:,}"
            + ("" if verdict.expected is None else f" of {verdict.expected:,} possible"),
        ),
        ("Overlaps in the database", verdict.overlaps),
        ("Deadlocks", verdict.deadlocks),
        ("Answers", ", ".join(f"{count:,} × {status}" for status, count in sorted(verdict.statuses.items()))),
    )
    inner = "".join(
        f"<tr><th scope=row>{name}</th><td>{escape(str(value))}</td></tr>" for name, value in rows
    )
    return f"<div class=wide><table>{inner}</table></div>"


def _table(verdict: Verdict) -> str:
    head = "".join(f"<th class=number scope=col>p{part} ms</th>" for part in PARTS)
    rows = "".join(
        f"<tr><th scope=row>{escape(name)}</th>"
        + "".join(f"<td class=number>{parts[f'p{part}']:g}</td>" for part in PARTS)
        + "</tr>"
        for name, parts in verdict.latency_ms.items()
    )
    return f"<div class=wide><table><tr><th scope=col>Request</th>{head}</tr>{rows}</table></div>"
