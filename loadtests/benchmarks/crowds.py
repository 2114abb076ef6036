"""Crowds: 500 clients who want one slot, and M clients who want anyone of N hosts at one start."""

from collections import Counter

from benchmarks.figures import Figure, Floor, at_most, exactly
from benchmarks.setting import Setting
from booking.contention.verdict import REFUSED
from lab.deadlocks import deadlocks, since_now
from lab.truth import ask
from lab.wire import Got, at_once, booking, open_slots, post


def measure(setting: Setting, floor: Floor) -> list[Figure]:
    """Both crowds on the sandbox, then what the database says."""
    clients = 100 if setting.quick else 500
    url = setting.loaded.database_url
    began = since_now(setting.loaded)
    slots = open_slots(setting.port, "bench", "thirty")
    middle = str(slots[len(slots) // 2]["start"])
    answers, released = at_once(
        setting.port, [post("bench", "/api/v1/bookings", booking("thirty", middle)) for _ in range(clients)]
    )
    counted = Counter(answer.status for answer in answers)
    last = max(answer.ended_at for answer in answers) - released
    found = [
        exactly(f"{clients} clients, one slot: winners", counted[201], 1),
        exactly("answers of 409 with a reason and alternatives", clear_refusals(answers), clients - 1),
        at_most(
            "the last answer came after",
            round(last, 2),
            1.5,
            "s",
            f"{last * floor.insert_rate / clients:.0f} × {clients} bare INSERTs",
        ),
        exactly(
            "answers of 5xx, or none", sum(n for status, n in counted.items() if not 200 <= status < 500), 0
        ),
    ]
    for many in (10, 40):
        found.append(_anyone(setting, many))
    truth = ask(url, only={"bench"})
    found += [
        exactly("deadlocks", deadlocks(began), 0),
        exactly("broken promises in the database", len(truth.faults), 0),
    ]
    return found


def _anyone(setting: Setting, clients: int) -> Figure:
    """M clients want anyone at the start that the most hosts are free for."""
    slots = open_slots(setting.port, "bench", "team")
    wanted = max(slots, key=lambda slot: len(slot.get("hosts", ())))
    free = len(wanted.get("hosts", ()))
    requests = [
        post("bench", "/api/v1/bookings", booking("team", str(wanted["start"]))) for _ in range(clients)
    ]
    answers, _ = at_once(setting.port, requests)
    counted = Counter(answer.status for answer in answers)
    return exactly(
        f"{free} hosts free, {clients} clients at once: bookings; refusals",
        f"{counted[201]}; {clear_refusals(answers)}",
        f"{min(free, clients)}; {max(0, clients - free)}",
    )


def clear_refusals(answers: list[Got]) -> int:
    """How many were told that the time was taken, and what is open instead."""
    documents = [answer.document for answer in answers if answer.status == 409]
    return sum(bool(each.get("alternatives")) and each.get("code") in REFUSED for each in documents)
