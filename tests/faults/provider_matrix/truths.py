"""What must hold in every cell, asked three times: while the fault lasts, when it is over, when all is cancelled.

The booking is what it says: confirmed only with a link that was proven, one range blocked while it lives. The provider
holds what belongs to it and nothing twice. Who has to know was told, once. The ledger verifies.
"""

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from audit.api import Outcome, verify_ledger
from audit.models import Step
from booking.api import Booking, Incident, Move, get_booking
from kernel.tenancy import current_schema
from providers.models import Message, Notice, TextMessage
from tests.booking.clockwork import live_ranges
from tests.booking.scene import now, workday
from tests.faults.provider_matrix.cells import WORKFLOWS, Cell

if TYPE_CHECKING:
    from tests.faults.provider_matrix.sides import Side

BEN = "ben@example.com"
TOLD_TO_CLIENT = {"booking": "failed_attendee", "move": "move_failed_attendee"}


class Story:
    """One cell as it goes: what its booking, its provider and its people know. `broken` are sentences."""

    def __init__(self, cell: Cell, side: "Side", uid: str) -> None:
        self.cell, self.side, self.uid = cell, side, uid
        self.broken: list[str] = []
        self.was_right = False

    def look_while_it_lasts(self) -> None:
        """The fault is in force and nobody tries any more."""
        booking = self._booking()
        self._check_booking(booking, "while it lasts")
        self._check_nothing_twice("while it lasts", spare=self.cell.saga == "move")
        failed = self._failed_steps() or (["a required step"] if self._is_refused() else [])
        if failed and not self._incidents():
            self.broken.append(f"{', '.join(failed)} failed, and no incident says so")

    def look_when_it_is_over(self) -> None:
        """The provider is well, time has passed, the fixer has looked."""
        booking = self._booking()
        self._check_booking(booking, "when it is over")
        self._check_nothing_twice("when it is over")
        self.was_right = not (wrong := self._wrong(booking))
        if wrong and not self._open_incidents():
            self.broken.append(f"when it is over: {wrong}, and no open incident says so")
        self._check_people(booking)

    def look_when_all_is_cancelled(self) -> None:
        """The booking is cancelled or never was: nothing is left, or an incident names what is."""
        booking = self._booking()
        if booking.status not in ("failed", "cancelled"):
            self.broken.append(f"the cancellation left it {booking.status}")
        left = self._held()
        if left and not self._open_incidents("leftover", "undo_failed"):
            self.broken.append(f"left behind: {left}")
        if live_ranges(booking.meeting_id):
            self.broken.append("its time is still blocked")
        report = verify_ledger(current_schema(), now=now())
        if report.outcome == Outcome.TAMPERED:
            self.broken.append(f"the ledger: {report}")

    def outcome(self) -> str:
        """Return the one word for what came of it."""
        if self._is_refused():
            return "fails closed"
        if not self._failed_steps():
            return "retried" if self.was_right else "wrong"
        if self.was_right and self.cell.fault != "revoked":
            return "healed"
        return "told" if self._incidents() else "untold"

    # -- the booking -------------------------------------------------------------------------------------------

    def _booking(self) -> Booking:
        return get_booking(self.uid)

    def _is_refused(self) -> bool:
        if self.cell.saga == "move":
            return bool(Move.objects.get(booking__uid=self.uid).status != Move.Status.CONFIRMED)
        return self._booking().status == "failed"

    def _check_booking(self, booking: Booking, when: str) -> None:
        wanted = ("cancelled",) if self.cell.saga == "cancellation" else ("confirmed", "failed")
        if self.cell.saga == "move":
            wanted = ("confirmed",)
            if Move.objects.get(booking=booking).status == Move.Status.HELD:
                self.broken.append(f"{when}: it is still being moved")
        if booking.status not in wanted:
            self.broken.append(f"{when}: it is {booking.status}")
        blocked = len(live_ranges(booking.meeting_id))
        if blocked != int(booking.status == "confirmed"):
            self.broken.append(f"{when}: {booking.status}, and {blocked} ranges are blocked")
        meeting = booking.meeting
        if booking.status == "confirmed" and meeting.is_online:
            proof = meeting.link_proof
            proven = (
                proof.get("url"),
                datetime.fromisoformat(proof.get("starts_at", "1970-01-01T00:00:00+00:00")),
            )
            if not meeting.join_url or proven != (meeting.join_url, meeting.starts_at):
                self.broken.append(f"{when}: confirmed with a link that was not proven for it: {proof}")
        if self.cell.saga == "move" and booking.status == "confirmed":
            new = Move.objects.get(booking=booking).status == Move.Status.CONFIRMED
            if meeting.starts_at != workday(14 if new else 10):
                self.broken.append(f"{when}: it stands at {meeting.starts_at}")

    # -- the provider ------------------------------------------------------------------------------------------

    def _held(self) -> str:
        """Say in words what the provider holds; "" for nothing."""
        found = {"events": self.side.events(), "meetings": self.side.meetings()}
        return ", ".join(f"{len(held)} {what}" for what, held in found.items() if held)

    def _check_nothing_twice(self, when: str, *, spare: bool = False) -> None:
        """Of a booking that moves, the link of the old time may stand beside the new one for a while."""
        events, meetings = self.side.events() or [], self.side.meetings() or []
        excused = bool(self._open_incidents("leftover", "undo_failed"))
        if len(events) > 1 or len(meetings) > 1 + int(spare or excused):
            self.broken.append(f"{when}: doubled: {self._held()}")
        if (arrived := self.side.arrivals()) and not arrived[1] <= arrived[0] <= arrived[2]:
            self.broken.append(f"{when}: {arrived[0]} arrived, not {arrived[1]} to {arrived[2]}")

    def _wrong(self, booking: Booking) -> str:
        """Say what is not as the booking has it, at the provider and with what was to be sent; "" if all is."""
        wanted = [booking.meeting.starts_at] if booking.status == "confirmed" else []
        wrong = []
        for what, held in (("events", self.side.events()), ("meetings", self.side.meetings())):
            if held is not None and held != wanted:
                wrong.append(f"{what} at {[f'{each:%H:%M}' for each in held]} for {booking.status}")
        unsent = Message.objects.filter(state__in=("queued", "sending", "failed")).values_list(
            "kind", flat=True
        )
        wrong += [f"the mail {kind} is not sent" for kind in unsent]
        for rows, what in ((Notice.objects, "notice"), (TextMessage.objects, "text")):
            waiting = rows.filter(state__in=("queued", "sending", "failed"))
            wrong += [f"a {what} is not sent"] * waiting.count()
        return ", ".join(wrong)

    # -- the people --------------------------------------------------------------------------------------------

    def _check_people(self, booking: Booking) -> None:
        """Every mail that was sent arrived, no more often than we count; who was refused was told so."""
        arrived = Counter(str(each.mail["Message-ID"]).strip() for each in self.side.mails.received)
        for mail in Message.objects.all():
            times, most = arrived[mail.message_id], 1 + mail.repeats
            if times > most or (mail.state == "sent" and not times):
                self.broken.append(f"the mail {mail.kind} arrived {times} times, not 1 to {most}")
        told = Counter(Message.objects.filter(to_address=BEN).values_list("kind", flat=True))
        if self._is_refused() and told[TOLD_TO_CLIENT[self.cell.saga]] != 1:
            self.broken.append(f"refused, and the client was told {dict(told)}")
        doubled = [kind for kind, count in told.items() if count > 1]
        if doubled:
            self.broken.append(f"the client has two mails {doubled}")

    # -- what the automation knows -----------------------------------------------------------------------------

    def _failed_steps(self) -> list[str]:
        rows = Step.objects.filter(
            run__workflow=WORKFLOWS[self.cell.saga], run__payload__booking=self.uid,
            state__in=(Step.State.FAILED, Step.State.UNDO_FAILED),
        )  # fmt: skip
        rows = rows.filter(run__state__in=("done", "running")) | rows.filter(state=Step.State.UNDO_FAILED)
        return list(rows.values_list("action", flat=True))

    @staticmethod
    def _incidents() -> bool:
        return Incident.objects.exists()

    @staticmethod
    def _open_incidents(*kinds: str) -> bool:
        rows = Incident.objects.filter(state="open")
        return any(not kinds or row.kind.startswith(kinds) for row in rows)
