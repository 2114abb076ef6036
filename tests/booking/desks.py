"""A host's desk: a booking, the calendar it stands in, and what the host does there; one for each kind of calendar."""

import re
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from urllib.parse import unquote

import icalendar
from django.db.models.functions import Now

from booking.api import Booking, Host, get_booking
from jobs.api import Job, drain
from kernel.tenancy import PUBLIC, entered
from providers.api import connect_caldav, sync_calendar
from providers.models import Calendar, CalendarChange, CalendarEntry
from tests.booking.scene import booked, now, workday
from tests.providers.conftest import connect_google, connect_microsoft
from tests.simulators.caldav_proxy import Fault, Passed, Proxy, answering, only, replacing
from tests.simulators.dav_server import DavServer
from tests.simulators.google import GoogleSimulator
from tests.simulators.microsoft import MicrosoftSimulator
from tests.simulators.vendor import Reply

ANA = "ana@gmail.example"
GOOGLE_OTHER = "clients@group.calendar.google.com"


class Desk(ABC):
    """Ana's booking at Acme, her calendar, and what the automation does when time passes."""

    def __init__(self) -> None:
        self.host = Host.objects.get(slug="ana")
        self.connect()
        self.calendar = Calendar.objects.get(is_destination=True, host_id=self.host.pk)
        self.sync()
        self.booking = booked("site-visit", workday(10))
        self.perform()
        self.booking = self.read()
        assert self.booking.status == "confirmed"

    @abstractmethod
    def connect(self) -> None:
        """Connect Ana's calendar."""

    @abstractmethod
    def drag(self, remote_id: str, start: datetime, end: datetime) -> None:
        """Ana gives an event another time."""

    @abstractmethod
    def rename(self, remote_id: str, words: str) -> None:
        """Ana gives an event another title."""

    @abstractmethod
    def remove(self, remote_id: str) -> None:
        """Ana deletes an event."""

    @abstractmethod
    def carry(self, remote_id: str) -> None:
        """Ana takes an event into another calendar of hers, which is connected too."""

    @abstractmethod
    def held_there(self) -> list[datetime]:
        """Return the starts of the events in that other calendar."""

    @abstractmethod
    def remove_there(self) -> None:
        """Ana deletes what she took there."""

    @abstractmethod
    def held(self) -> dict[str, tuple[datetime, datetime]]:
        """Return start and end of every event that the calendar holds, by remote id."""

    @abstractmethod
    def forget(self) -> None:
        """The server does not know its tokens any more."""

    @abstractmethod
    def break_down(self) -> None:
        """The server has a fault of its own until `mend`."""

    @abstractmethod
    def mend(self) -> None:
        """The server works again."""

    def perform(self) -> None:
        """Do what is due, and what waits to be looked at again, until nothing does."""
        for _ in range(6):
            drain()
            with entered(PUBLIC):
                waiting = Job.objects.filter(state=Job.State.QUEUED, kind="calendar_changed")
                if not waiting.update(due_at=Now()):
                    return

    def sync(self) -> bool:
        return sync_calendar(self.calendar.pk, now=now())

    def follow(self) -> str:
        """Sync, answer what was noted, and return the last answer."""
        self.sync()
        self.perform()
        change = CalendarChange.objects.order_by("pk").last()
        return change.answer if change else ""

    def event(self) -> str:
        return CalendarEntry.objects.get().remote_id

    def shown(self) -> datetime:
        ((start, _),) = self.held().values()
        return start

    def read(self) -> Booking:
        return get_booking(self.booking.uid)


class GoogleDesk(Desk):
    """Her calendar is at Google."""

    def __init__(self, google: GoogleSimulator) -> None:
        self.google = google
        google.make_calendar(ANA, GOOGLE_OTHER, name="Clients")
        super().__init__()

    def connect(self) -> None:
        connect_google(self.google, Host.objects.get(slug="ana").pk)

    def drag(self, remote_id: str, start: datetime, end: datetime) -> None:
        self.google.change(ANA, remote_id, start=start.isoformat(), end=end.isoformat())

    def rename(self, remote_id: str, words: str) -> None:
        self.google.change(ANA, remote_id, summary=words)

    def remove(self, remote_id: str) -> None:
        self.google.remove(ANA, remote_id)

    def carry(self, remote_id: str) -> None:
        self.google.carry(ANA, remote_id, GOOGLE_OTHER)

    def held_there(self) -> list[datetime]:
        held = self.google.events(GOOGLE_OTHER)
        return [datetime.fromisoformat(event["start"]["dateTime"]) for event in held]

    def remove_there(self) -> None:
        for event in self.google.events(GOOGLE_OTHER):
            self.google.remove(GOOGLE_OTHER, event["id"])

    def held(self) -> dict[str, tuple[datetime, datetime]]:
        return {
            event["id"]: (
                datetime.fromisoformat(event["start"]["dateTime"]),
                datetime.fromisoformat(event["end"]["dateTime"]),
            )
            for event in self.google.events(ANA)
        }

    def forget(self) -> None:
        self.google.store.calendars[ANA].forget_changes()

    def break_down(self) -> None:
        self.fault = self.google.fail("GET /calendar/v3/calendars/", reply=Reply(status=503), times=99)

    def mend(self) -> None:
        self.fault.times = 0


class MicrosoftDesk(Desk):
    """Her calendar is at Microsoft."""

    def __init__(self, microsoft: MicrosoftSimulator) -> None:
        self.microsoft, self.outlook = microsoft, microsoft.default("ana@acme.example")
        self.other = microsoft.make_calendar("ana@acme.example", name="Clients")
        super().__init__()

    def connect(self) -> None:
        connect_microsoft(self.microsoft, Host.objects.get(slug="ana").pk)

    def drag(self, remote_id: str, start: datetime, end: datetime) -> None:
        self.microsoft.change(self.outlook, remote_id, start=start.isoformat(), end=end.isoformat())

    def rename(self, remote_id: str, words: str) -> None:
        self.microsoft.change(self.outlook, remote_id, subject=words)

    def remove(self, remote_id: str) -> None:
        self.microsoft.remove(self.outlook, remote_id)

    def carry(self, remote_id: str) -> None:
        self.microsoft.carry(self.outlook, remote_id, self.other)

    def held_there(self) -> list[datetime]:
        return [self.other.interval(event)[0] for event in self.other.events.values()]

    def remove_there(self) -> None:
        for key in list(self.other.events):
            self.microsoft.remove(self.other, key)

    def held(self) -> dict[str, tuple[datetime, datetime]]:
        return {key: self.outlook.interval(event) for key, event in self.outlook.events.items()}

    def forget(self) -> None:
        self.outlook.forget_changes()

    def break_down(self) -> None:
        self.fault = self.microsoft.fail("GET /v1.0/me/calendars/", reply=Reply(status=503), times=99)

    def mend(self) -> None:
        self.fault.times = 0


class DavDesk(Desk):
    """Her calendar is at a real CalDAV server, behind a proxy that hides what this server shall not have."""

    def __init__(self, server: DavServer, proxy: Proxy, path: str, hides: tuple[bytes, ...]) -> None:
        self.server, self.proxy = server, proxy
        self.path, self.url = path, server.make_calendar(path)
        self.hidden = hides
        super().__init__()

    def connect(self) -> None:
        self.mend()
        connect_caldav(
            Host.objects.get(slug="ana").pk,
            url=self.url.replace(self.server.url, self.proxy.url),
            username=self.server.username,
            password=self.server.password,
            now=now(),
        )

    def drag(self, remote_id: str, start: datetime, end: datetime) -> None:
        """As other clients do: times in UTC, SEQUENCE counted up (RFC 5545, 3.8.7.4), what is unknown kept."""
        text = re.sub(
            r"DTSTART[^\r]*", f"DTSTART:{start.astimezone(UTC):%Y%m%dT%H%M%SZ}", self._text(remote_id)
        )
        text = re.sub(r"DTEND[^\r]*", f"DTEND:{end.astimezone(UTC):%Y%m%dT%H%M%SZ}", text)
        text = re.sub(r"\nSEQUENCE:(\d+)", lambda found: f"\nSEQUENCE:{int(found[1]) + 3}", text)
        text = re.sub(r"BEGIN:VTIMEZONE.*END:VTIMEZONE\r\n", "", text, flags=re.DOTALL)
        self._put(remote_id, text)

    def rename(self, remote_id: str, words: str) -> None:
        self._put(remote_id, re.sub(r"SUMMARY:[^\r]*", f"SUMMARY:{words}", self._text(remote_id)))

    def remove(self, remote_id: str) -> None:
        self.server.remove(self.url, self._name(remote_id))

    def carry(self, remote_id: str) -> None:
        """As Apple's and Mozilla's programs do: put there under a name of their own, then deleted here."""
        self.other = self.server.make_calendar(f"{self.path}-clients")
        connect_caldav(
            self.host.pk,
            url=self.other.replace(self.server.url, self.proxy.url),
            username=self.server.username,
            password=self.server.password,
            now=now(),
        )
        self.server.put(self.other, "carried", self._text(remote_id))
        self.remove(remote_id)

    def remove_there(self) -> None:
        for name in self.server.objects(self.other):
            self.server.remove(self.other, name)

    def held_there(self) -> list[datetime]:
        texts = self.server.objects(self.other).values()
        return [
            icalendar.Calendar.from_ical(text).walk("VEVENT")[0]["DTSTART"].dt.astimezone(UTC)
            for text in texts
        ]

    def held(self) -> dict[str, tuple[datetime, datetime]]:
        found = {}
        for name, text in self.server.objects(self.url).items():
            event = icalendar.Calendar.from_ical(text).walk("VEVENT")[0]
            address = f"{self.url.replace(self.server.url, self.proxy.url)}{name}"
            found[address] = (event["DTSTART"].dt.astimezone(UTC), event["DTEND"].dt.astimezone(UTC))
        return found

    def forget(self) -> None:
        rows = Calendar.objects.filter(pk=self.calendar.pk)
        token = rows.values_list("sync_token", flat=True).get()
        rows.update(sync_token=f"{token.partition(':')[0]}:{'0' * 40}")

    def break_down(self) -> None:
        self.proxy.fault = answering(503)

    def mend(self) -> None:
        self.proxy.fault = None
        for word in self.hidden:
            self.proxy.fault = _both(self.proxy.fault, only("PROPFIND", replacing(word, b"unknown")))

    def _text(self, remote_id: str) -> str:
        return self.server.objects(self.url)[self._name(remote_id)]

    def _put(self, remote_id: str, text: str) -> None:
        name = self._name(remote_id).removesuffix(".ics")
        self.server.put(self.url, name, text, status=204)

    def _name(self, remote_id: str) -> str:
        return unquote(remote_id.rsplit("/", 1)[-1])


def _both(first: Fault | None, second: Fault) -> Fault:
    """One fault after the other."""

    def fault(method: str, path: str, answer: Passed) -> Passed | None:
        passed = first(method, path, answer) if first else answer
        return second(method, path, passed) if passed else None

    return fault
