"""A long and a short meeting type of one host, overlapping, posted at one moment, fifty times: never both.

    HOLDFAST_PUBLIC_RATE=off bin/run
    python loadtests/overlapping_types.py [--host http://127.0.0.1:8000] [--rounds 50]

Each round wants the short meeting inside the long one, at another start, so that only the guard can tell.
Exit status 1 unless every round made exactly one booking and one 409.
"""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402  gevent must patch the sockets first
import json  # noqa: E402
import urllib.error  # noqa: E402
import urllib.request  # noqa: E402
from collections import Counter  # noqa: E402

import gevent  # noqa: E402
from rush import Slot, booking, headers, open_slots  # noqa: E402


def main() -> int:
    """Run the rounds one after the other; print how they ended."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", default="http://127.0.0.1:8000")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--site", default="acme.localhost")
    parser.add_argument("--long", default="consultation")
    parser.add_argument("--short", default="intro-call")
    asked = parser.parse_args()
    pairs = overlapping_pairs(
        open_slots(asked.host, site=asked.site, event_type=asked.long),
        open_slots(asked.host, site=asked.site, event_type=asked.short),
    )
    ends: Counter[tuple[int, ...]] = Counter()
    for pair in pairs[: asked.rounds]:
        posts = [
            gevent.spawn(post, asked.host, asked.site, event_type, slot)
            for event_type, slot in zip((asked.long, asked.short), pair, strict=True)
        ]
        gevent.joinall(posts)
        ends[tuple(sorted(greenlet.get() for greenlet in posts))] += 1
    print(f"rounds by their two answers: {dict(ends)}")
    passed = ends == Counter({(201, 409): asked.rounds})
    print(f"PASSED: {asked.rounds} rounds, never both" if passed else "FAILED")
    return 0 if passed else 1


def overlapping_pairs(longs: list[Slot], shorts: list[Slot]) -> list[tuple[Slot, Slot]]:
    """Pairs of a long slot and a short one that starts inside it; no two pairs overlap."""
    pairs: list[tuple[Slot, Slot]] = []
    taken_until = ""
    for long in longs:
        inside = [short for short in shorts if long.start < short.start < long.end]
        if inside and long.start >= taken_until:
            pairs.append((long, inside[-1]))
            taken_until = max(long.end, inside[-1].end)
    return pairs


def post(host: str, site: str, event_type: str, slot: Slot) -> int:
    """Post one booking and return the status."""
    body = json.dumps(booking(event_type, slot)).encode()
    request = urllib.request.Request(
        f"{host}/api/v1/bookings", data=body, headers=headers(site, host), method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


if __name__ == "__main__":
    raise SystemExit(main())
