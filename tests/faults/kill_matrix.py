"""kill -9 of every process at named points of every step of the sagas.

`python -m tests.faults.kill_matrix [--victims worker,web,relay,broker,database] [--only PATTERN]` runs the whole
matrix and prints one line a case; a seeded sample of it runs in bin/test (test_kills.py). For each case: the
booking ends once, keyed effects are exactly one, mail is never zero and a repeat carries the same Message-ID.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.running import Running, eventually, iso, running

STEPS = {
    "new_booking": (
        "check_calendars", "create_meeting", "verify_link", "confirm_booking", "send_confirmation",
        "write_calendar_event", "notify_team", "notify_webhooks",
    ),
    "cancellation": (
        "cancel_meeting", "delete_calendar_event", "send_cancellation", "notify_team", "notify_webhooks",
    ),
    "move": (
        "check_calendars", "create_meeting", "verify_link", "confirm_booking", "send_confirmation",
        "write_calendar_event", "retire_old_link", "notify_team", "notify_webhooks",
    ),
    "fallback": (
        "create_meeting", "create_second_choice", "verify_second_choice", "confirm_booking", "discard_unused_links",
    ),
    "reminder": ("check_reminder", "prove_link_again", "send_reminder"),
}  # fmt: skip
POINTS = ("before", "between", "after")
VICTIMS = ("worker", "web", "relay", "broker", "database")
LISBON = ZoneInfo("Europe/Lisbon")


@dataclass(frozen=True)
class Case:
    """Kill `victim` when the worker reaches `point` of `step` in this saga."""

    saga: str
    step: str
    point: str
    victim: str

    def __str__(self) -> str:
        return f"{self.saga:12} {self.step:22} {self.point:8} {self.victim}"

    @property
    def crash_point(self) -> str:
        """The name of the point in the code; a move and a booking that falls back are run by new_booking."""
        workflow = "new_booking" if self.saga in ("move", "fallback") else self.saga
        return f"{workflow}:{self.step}:{self.point}"

    @property
    def is_reachable(self) -> bool:
        """Whether the worker comes there: the first way to meet fails in its call, so nothing is between."""
        return (self.saga, self.step, self.point) != ("fallback", "create_meeting", "between")


def cases(victims: tuple[str, ...] = VICTIMS) -> list[Case]:
    """Return the whole matrix for these victims."""
    every = (
        Case(saga, step, point, victim)
        for victim in victims for saga, steps in STEPS.items() for step in steps for point in POINTS
    )  # fmt: skip
    return [case for case in every if case.is_reachable]


def starts() -> Iterator[str]:
    """Return starts of Ana's intro call that are far enough apart, day after day."""
    day = datetime.now(LISBON).date() + timedelta(days=3)
    while True:
        if day.weekday() < 5:
            for hour in (9, 10, 11, 12, 13, 14, 15, 16):
                yield _at(day, hour)
        day += timedelta(days=1)


def _at(day: date, hour: int) -> str:
    return iso(datetime(day.year, day.month, day.day, hour, tzinfo=LISBON).astimezone(ZoneInfo("UTC")))


def perform(demo: Running, case: Case, free: Iterator[str]) -> str:
    """Run one case; returns how the booking ended. Raises AssertionError where a promise broke."""
    start, other = next(free), next(free)
    victims = () if case.victim == "worker" else (case.victim,)
    uid, token = "", ""
    _meet_first_where_it_fails(demo, fails=case.saga == "fallback")
    if case.saga not in ("new_booking", "fallback"):
        uid, token = _booked(demo, start)
    demo.arm(case.crash_point, *victims)
    if case.saga in ("new_booking", "fallback"):
        uid, token = _asked(demo, start)
    elif case.saga == "cancellation":
        _post(demo, uid, token, "cancel", {})
    elif case.saga == "reminder":
        _let_reminder_come(demo, uid)
    else:
        _post(demo, uid, token, "reschedule", {"start": other})
    settled = eventually(lambda: _settled(demo, uid), seconds=90)
    fired = demo.disarm()
    assert settled, f"{case}: did not settle: {_state(demo, uid)}"
    assert fired, f"{case}: the point was never reached"
    return _check(demo, case, uid, start=start, other=other)


def tell_programs(demo: Running) -> None:
    """Let Acme have an endpoint, so that its runs have the step that tells programs; no event is one that it wants."""
    demo.rows(
        "acme",
        "INSERT INTO providers_webhookendpoint (kind, url, sealed_url, events, sealed_secret, active, created_at,"
        " last_error) VALUES ('webhook', 'https://hooks.example/', '', '[\"none\"]', '', true, now(), '') RETURNING id",
    )


def _meet_first_where_it_fails(demo: Running, *, fails: bool) -> None:
    """Let the intro call try a Jitsi server that nobody connected, then the built-in room; or the room alone."""
    kind, then = ("jitsi", '[{"kind": "built_in_room", "detail": ""}]') if fails else ("built_in_room", "[]")
    demo.rows(
        "acme",
        "UPDATE booking_eventtype SET location_kind = %s, fallback_locations = %s::jsonb WHERE slug = 'intro-call'"
        " RETURNING id", kind, then,
    )  # fmt: skip


def _let_reminder_come(demo: Running, uid: str) -> None:
    """Let the first reminder of a booking be due a minute ago, and its job now."""
    (row,) = demo.rows(
        "acme",
        "UPDATE booking_reminder r"
        " SET minutes_before = n.minutes, due_at = m.starts_at - make_interval(mins => n.minutes)"
        " FROM booking_booking b JOIN booking_meeting m ON m.id = b.meeting_id, LATERAL"
        " (SELECT ceil(extract(epoch FROM m.starts_at - now()) / 60)::int + 1 AS minutes) n"
        " WHERE b.uid = %s AND r.booking_id = b.id AND r.minutes_before = 1440 RETURNING r.id", uid,
    )  # fmt: skip
    demo.rows(
        "acme", "UPDATE public.jobs_job SET due_at = now(), handed_at = NULL WHERE kind = 'remind' AND schema = %s"
        " AND ref = %s RETURNING id", demo.schemas["acme"], str(row["id"]),
    )  # fmt: skip


def _asked(demo: Running, start: str) -> tuple[str, str]:
    """Book with a key and repeat until it is answered, as a client does whose connection broke."""
    answer = eventually(lambda: _created(demo, start), seconds=60)
    assert answer, "the booking was never answered"
    return answer["uid"], answer["manage_url"].rstrip("/").rsplit("/", 1)[1]


def _created(demo: Running, start: str) -> dict[str, str] | None:
    response = demo.book("acme", "intro-call", start, key=f"key-{start}")
    return response.json() if response.status_code == 201 else None


def _booked(demo: Running, start: str) -> tuple[str, str]:
    uid, token = _asked(demo, start)
    assert eventually(lambda: _settled(demo, uid), seconds=60), _state(demo, uid)
    return uid, token


def _post(demo: Running, uid: str, token: str, act: str, body: dict[str, str]) -> None:
    """Cancel or reschedule; an answer that got lost is asked again, and then says that it happened already."""
    headers = {"Authorization": f"Bearer {token}"}

    def post() -> bool:
        status = demo.api("acme", "POST", f"/bookings/{uid}/{act}", json=body, headers=headers).status_code
        return status in (200, 201, 202, 400, 409)

    assert eventually(post, seconds=60), f"{act} was never answered"


def _state(demo: Running, uid: str) -> list[dict[str, object]]:
    return demo.rows(
        "acme",
        "SELECT b.status, r.id, r.workflow, r.state, s.action, s.state AS step, s.error FROM booking_booking b "
        "JOIN audit_run r ON r.payload ->> 'booking' = b.uid JOIN audit_step s ON s.run_id = r.id "
        "WHERE b.uid = %s ORDER BY r.id, s.position", uid,
    )  # fmt: skip


def _settled(demo: Running, uid: str) -> bool:
    """Say whether nothing is under way for this booking: every run ended, no job waits, a final status."""
    (row,) = demo.rows(
        "acme",
        "SELECT (SELECT count(*) FROM audit_run"
        "         WHERE payload ->> 'booking' = %s AND state IN ('running', 'failing')) AS runs,"
        " (SELECT count(*) FROM public.jobs_job WHERE state <> 'done'"
        "   AND NOT (kind IN ('remind', 'fixer') AND due_at > now())) AS jobs,"
        " (SELECT status FROM booking_booking WHERE uid = %s) AS status,"
        " (SELECT count(*) FROM booking_move v JOIN booking_booking b ON b.id = v.booking_id"
        "  WHERE b.uid = %s AND v.status = 'held') AS moves", uid, uid, uid,
    )  # fmt: skip
    return (
        row["runs"] == 0
        and row["jobs"] == 0
        and row["moves"] == 0
        and row["status"] not in ("held", "awaiting_link", None)
    )


def _check(demo: Running, case: Case, uid: str, *, start: str, other: str) -> str:
    (booking,) = demo.rows(
        "acme", "SELECT b.status, m.uid, m.starts_at, m.join_url FROM booking_booking b "
        "JOIN booking_meeting m ON m.id = b.meeting_id WHERE b.uid = %s", uid,
    )  # fmt: skip
    status, live = booking["status"], booking["status"] == "confirmed"
    expected = {"cancellation": {"cancelled"}, "reminder": {"confirmed"}}
    assert status in expected.get(case.saga, {"confirmed", "failed"}), f"{case}: {status}"
    rooms = demo.rows(
        "acme",
        "SELECT key FROM providers_room WHERE meeting_uid = %s AND cancelled_at IS NULL",
        booking["uid"],
    )
    assert len(rooms) == int(live), f"{case}: {status} with {len(rooms)} live rooms"
    assert len(demo.events(booking["uid"])) == int(live), (
        f"{case}: {status}, events {demo.events(booking['uid'])}"
    )
    blocked = demo.rows(
        "acme",
        "SELECT 1 FROM booking_occupancy o JOIN booking_meeting m ON m.id = o.meeting_id "
        "WHERE m.uid = %s AND o.retired_at IS NULL",
        booking["uid"],
    )
    assert len(blocked) == int(live), f"{case}: {status} blocks {len(blocked)} ranges"
    if live and case.saga == "move":
        assert iso(booking["starts_at"].astimezone(ZoneInfo("UTC"))) in (other, start), (
            f"{case}: {booking['starts_at']}"
        )
    if case.saga == "reminder":
        _check_reminder(demo, case, uid)
    return f"{status}, {_check_mail(demo, case, uid)}"


def _check_reminder(demo: Running, case: Case, uid: str) -> None:
    """One run sent it, as one message; the later one is still due."""
    (row,) = demo.rows(
        "acme",
        "SELECT array_agg(r.state ORDER BY r.due_at) AS states, (SELECT count(*) FROM audit_run"
        " WHERE workflow = 'reminder' AND payload ->> 'booking' = %s) AS runs, (SELECT count(*) FROM"
        " providers_message WHERE booking_uid = %s AND kind = 'reminder_attendee') AS mails"
        " FROM booking_reminder r JOIN booking_booking b ON b.id = r.booking_id WHERE b.uid = %s", uid, uid, uid,
    )  # fmt: skip
    assert (row["states"], row["runs"], row["mails"]) == (["sent", "due"], 1, 1), f"{case}: {row}"


def _check_mail(demo: Running, case: Case, uid: str) -> str:
    """Every message of the booking was sent, never zero times, and a repeat is counted and says so by its id."""
    messages = demo.rows(
        "acme", "SELECT message_id, state, repeats, kind FROM providers_message WHERE booking_uid = %s", uid
    )
    assert messages, f"{case}: nobody was told"
    seen = demo.mail()
    for message in messages:
        assert message["state"] == "sent", f"{case}: {message['kind']} is {message['state']}"
        times = seen[message["message_id"]]
        assert 1 <= times <= 1 + message["repeats"], f"{case}: {message['kind']} arrived {times} times"
    repeated = sum(seen[message["message_id"]] - 1 for message in messages)
    return f"{len(messages)} mails, {repeated} repeated"


def main() -> int:
    """Run the matrix and print it; exit status 1 if any case broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--victims", default=",".join(VICTIMS))
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    wanted = [case for case in cases(tuple(options.victims.split(","))) if options.only in str(case)]
    broken = 0
    with running() as demo:
        tell_programs(demo)
        free = starts()
        for case in wanted:
            begun = time.monotonic()
            try:
                said = perform(demo, case, free)
            except AssertionError as error:
                broken += 1
                said = f"BROKEN {error}"
            print(f"{case}  {said}  ({time.monotonic() - begun:.1f} s)", flush=True)
    print(f"{len(wanted) - broken} passed, {broken} failed")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
