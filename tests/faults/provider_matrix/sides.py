"""The providers of the matrix: each stands up with its simulator in Acme, is asked by some steps, says what it holds.

`Side.events` and `Side.meetings` are asked at the provider itself, never in our database, but for the built-in room.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, cast

import httpx
from django.conf import settings

from audit.api import Actor
from booking.api import Booking, EventType, Host, get_event_type, hold, submit
from providers.api import (
    Carrier,
    add_chat,
    add_webhook_endpoint,
    checked_jitsi,
    connect_caldav,
    remove_webhook_endpoint,
    use_carrier,
    use_jitsi,
    webhook_endpoints,
)
from providers.mail.smtp import SESSIONS
from providers.meetings import zoom_app
from providers.models import Notice, Room, TextMessage
from providers.notices.endpoints import switch_on_webhook
from tests.booking.scene import BEN, CLIENT, OWNER, booked, now, workday
from tests.faults.provider_matrix.faults import (
    FAULTS,
    Switch,
    trouble_mail,
    trouble_proxy,
    trouble_site,
    trouble_vendor,
)
from tests.providers.conftest import connect_google, connect_microsoft
from tests.providers.meetings.conftest import connect_organisation
from tests.providers.sms.conftest import switch_on
from tests.simulators.caldav_proxy import caldav_proxy
from tests.simulators.chats import chat_server, gone
from tests.simulators.google import GoogleSimulator
from tests.simulators.google.schema import error as google_error
from tests.simulators.http import Answer, Seen, http_site
from tests.simulators.jitsi import jitsi_simulator
from tests.simulators.microsoft import MicrosoftSimulator
from tests.simulators.microsoft.schema import error as graph_error
from tests.simulators.radicale import radicale
from tests.simulators.smtp import MailSink
from tests.simulators.twilio import TwilioSimulator
from tests.simulators.vendor import Reply, served
from tests.simulators.web import product_over_http
from tests.simulators.zoom import ZoomSimulator
from tests.simulators.zoom.server import CLIENT as ZOOM_CLIENT
from tests.simulators.zoom.server import SECRET as ZOOM_SECRET

Steps = Mapping[str, tuple[str, ...]]
CALENDAR_STEPS: Steps = {
    "booking": ("check_calendars", "write_calendar_event"),
    "move": ("check_calendars", "write_calendar_event"),
    "cancellation": ("delete_calendar_event",),
}
LINK_STEPS: Steps = {
    "booking": ("create_meeting", "verify_link"),
    "move": ("create_meeting", "verify_link"),
    "cancellation": ("cancel_meeting",),
}
PROOF_STEPS: Steps = {"booking": ("verify_link",), "move": ("verify_link",)}
NOT_HTTP = Answer(raw=b"welcome\r\n\r\n")


class Side:
    """One provider in one cell. `slug` is the meeting type that meets it, `location` how that type meets."""

    name: ClassVar[str]
    steps: ClassVar[Steps]
    faults: ClassVar[tuple[str, ...]] = tuple(FAULTS)
    slug: ClassVar[str] = "site-visit"
    location: ClassVar[str] = ""

    def __init__(self, stack: ExitStack, switch: Switch, mails: MailSink) -> None:
        self.stack, self.switch, self.mails = stack, switch, mails
        self.ana = Host.objects.get(slug="ana").pk
        for endpoint in webhook_endpoints():
            remove_webhook_endpoint(endpoint.pk)
        if self.location:
            EventType.objects.filter(slug=self.slug).update(location_kind=self.location)
        self.stand_up()
        if switch.fault == "revoked":
            switch.when_it_begins = self.revoke

    def stand_up(self) -> None:
        """Start the simulator, connect it, and give it the fault."""

    def book(self) -> Booking:
        return booked(self.slug, workday(10))

    def revoke(self) -> None:
        """End our access, where the simulator refuses by itself."""

    def reconnect(self) -> None:
        """Do what a person does who reads that access ended."""

    def events(self) -> list[datetime] | None:
        """Return the starts of the events that the calendar holds; None: it is no calendar."""
        return None

    def meetings(self) -> list[datetime] | None:
        """Return the starts of the meetings that can be joined there; None: it keeps none."""
        return None

    def arrivals(self) -> tuple[int, int, int] | None:
        """Return how many texts or notices arrived, how many must have, and how many may have; None: it takes none."""
        return None

    def allow(self, address: str) -> None:
        settings.HOLDFAST_HTTP_ALLOW = (*settings.HOLDFAST_HTTP_ALLOW, address)


class GoogleCalendar(Side):
    name, steps = "Google Calendar", CALENDAR_STEPS
    account = "ana@gmail.example"

    def stand_up(self) -> None:
        self.google = self.stack.enter_context(served(GoogleSimulator()))
        settings.HOLDFAST_GOOGLE_SIMULATOR = self.google.base_url
        settings.HOLDFAST_GOOGLE_CLIENT_ID = "simulated"
        settings.HOLDFAST_GOOGLE_CLIENT_SECRET = "simulated-secret"
        self.allow(self.google.base_url.removeprefix("http://"))
        connect_google(self.google, self.ana)
        trouble_vendor(self.google, self.switch, forbidden=google_error(403, "forbidden", "Forbidden").reply)

    def revoke(self) -> None:
        self.google.consent.end(self.account)

    def reconnect(self) -> None:
        connect_google(self.google, self.ana)

    def events(self) -> list[datetime] | None:
        held = self.google.events(self.account)
        return [datetime.fromisoformat(event["start"]["dateTime"]) for event in held]


class GoogleMeet(GoogleCalendar):
    name, slug, location = "Google Meet", "intro-call", "google_meet"
    steps: ClassVar[Steps] = {
        "booking": ("check_calendars", "create_meeting", "verify_link", "write_calendar_event"),
        "move": ("check_calendars", "create_meeting", "verify_link", "write_calendar_event"),
        "cancellation": ("cancel_meeting", "delete_calendar_event"),
    }

    def meetings(self) -> list[datetime] | None:
        held = [event for event in self.google.events(self.account) if event.get("hangoutLink")]
        return [datetime.fromisoformat(event["start"]["dateTime"]) for event in held]


class OutlookCalendar(Side):
    name, steps = "Outlook Calendar", CALENDAR_STEPS
    account = "ana@acme.example"

    def stand_up(self) -> None:
        self.microsoft = self.stack.enter_context(served(MicrosoftSimulator()))
        settings.HOLDFAST_MICROSOFT_SIMULATOR = self.microsoft.base_url
        settings.HOLDFAST_MICROSOFT_CLIENT_ID = "simulated"
        settings.HOLDFAST_MICROSOFT_CLIENT_SECRET = "simulated-secret"
        settings.HOLDFAST_MICROSOFT_DIRECTORY = "common"
        self.allow(self.microsoft.base_url.removeprefix("http://"))
        connect_microsoft(self.microsoft, self.ana)
        refusal = graph_error(403, "ErrorAccessDenied", "Access is denied.").reply
        trouble_vendor(self.microsoft, self.switch, forbidden=refusal)

    def revoke(self) -> None:
        self.microsoft.consent.end(self.account)

    def reconnect(self) -> None:
        connect_microsoft(self.microsoft, self.ana)

    def events(self) -> list[datetime] | None:
        calendar = self.microsoft.default(self.account)
        return [calendar.interval(event)[0] for event in calendar.events.values()]


class Teams(OutlookCalendar):
    name, slug, location, steps = "Microsoft Teams", "intro-call", "microsoft_teams", GoogleMeet.steps

    def meetings(self) -> list[datetime] | None:
        calendar = self.microsoft.default(self.account)
        held = [event for event in calendar.events.values() if event.get("isOnlineMeeting")]
        return [calendar.interval(event)[0] for event in held]


class CalDav(Side):
    """A real Radicale behind a proxy that has the fault."""

    name, steps = "CalDAV", CALENDAR_STEPS

    def stand_up(self) -> None:
        folder = Path(self.stack.enter_context(_folder()))
        self.server = self.stack.enter_context(radicale(folder))
        self.proxy = self.stack.enter_context(caldav_proxy(self.server.port))
        self.url = self.server.make_calendar("work")
        self.allow(self.proxy.address)
        self.reconnect()
        trouble_proxy(self.proxy, self.switch)

    def reconnect(self) -> None:
        url = self.url.replace(self.server.url, self.proxy.url)
        connect_caldav(
            self.ana, url=url, username=self.server.username, password=self.server.password, now=now()
        )

    def events(self) -> list[datetime] | None:
        import icalendar

        texts = self.server.objects(self.url).values()
        found = [icalendar.Calendar.from_ical(text).walk("VEVENT")[0] for text in texts]
        return [event["DTSTART"].dt for event in found]


class Zoom(Side):
    name, slug, location, steps = "Zoom", "intro-call", "zoom", LINK_STEPS

    def stand_up(self) -> None:
        zoom_app._kept.clear()
        self.zoom = self.stack.enter_context(served(ZoomSimulator()))
        self.zoom.users.append("ana@acme.example")
        settings.HOLDFAST_ZOOM_SIMULATOR = self.zoom.base_url
        settings.HOLDFAST_ZOOM_CLIENT_ID = ZOOM_CLIENT
        settings.HOLDFAST_ZOOM_CLIENT_SECRET = ZOOM_SECRET
        self.allow(self.zoom.base_url.removeprefix("http://"))
        connect_organisation()
        words = {"code": 200, "message": "No permission."}
        trouble_vendor(self.zoom, self.switch, forbidden=Reply(status=403, json=words))

    def revoke(self) -> None:
        self.zoom.is_activated = False
        self.zoom.consent.end(self.zoom.users[0])

    def reconnect(self) -> None:
        self.zoom.is_activated = True

    def meetings(self) -> list[datetime] | None:
        return [datetime.fromisoformat(each["start_time"]) for each in self.zoom.live()]


class Jitsi(Side):
    name, slug, location, steps = "Jitsi", "intro-call", "jitsi", PROOF_STEPS

    def stand_up(self) -> None:
        self.jitsi = self.stack.enter_context(jitsi_simulator())
        self.allow(self.jitsi.site.address)
        use_jitsi(checked_jitsi(self.jitsi.url, app_id="holdfast", secret="s3cret"), now=now(), actor=OWNER)
        trouble_site(self.jitsi.site, self.switch, revoked=None)

    def revoke(self) -> None:
        self.jitsi.secret = "another"

    def reconnect(self) -> None:
        self.jitsi.secret = "s3cret"


class BuiltInRoom(Side):
    """Our own pages over HTTP, behind what a proxy in front of them may do."""

    name, slug, location, steps = "Built-in room", "intro-call", "built_in_room", PROOF_STEPS
    faults = tuple(fault for fault in FAULTS if fault != "revoked")  # there is no access that could end

    def stand_up(self) -> None:
        inner = self.stack.enter_context(product_over_http(cast(Any, settings)))
        site = self.stack.enter_context(http_site(lambda seen: _passed_on(seen, inner)))
        settings.HOLDFAST_SELF_ADDRESS = site.address
        httpx.get(
            f"http://{inner}/", headers={"Host": "acme.localhost"}, trust_env=False
        )  # the first is slow
        trouble_site(site, self.switch, revoked=None)

    def meetings(self) -> list[datetime] | None:
        return list(Room.objects.filter(cancelled_at=None).values_list("starts_at", flat=True))


class Smtp(Side):
    name = "Mail (SMTP)"
    steps: ClassVar[Steps] = {
        "booking": ("send_confirmation", "notify_team"),
        "move": ("send_confirmation", "notify_team"),
        "cancellation": ("send_cancellation", "notify_team"),
    }

    def stand_up(self) -> None:
        if self.switch.fault == "revoked":
            self.mails.refuses_sign_in = self.switch.strikes  # type: ignore[method-assign]  # this one only
        else:
            trouble_mail(self.mails, self.switch)

    def revoke(self) -> None:
        SESSIONS.close_idle()  # who is signed in stays so


class Webhook(Side):
    name = "Webhook"
    steps: ClassVar[Steps] = dict.fromkeys(("booking", "move", "cancellation"), ("notify_webhooks",))

    def stand_up(self) -> None:
        self.taken: list[str] = []
        self.site = self.stack.enter_context(http_site(self._take))
        self.allow(self.site.address)
        add_webhook_endpoint(self.site.url("/hook"), now=now())
        trouble_site(self.site, self.switch, revoked=Answer(status=410), rubbish=NOT_HTTP)

    def _take(self, seen: Seen) -> Answer:
        self.taken.append(seen.headers["webhook-id"])
        return Answer(status=204)

    def reconnect(self) -> None:
        (endpoint,) = webhook_endpoints()
        switch_on_webhook(endpoint, actor=OWNER)

    def arrivals(self) -> tuple[int, int, int] | None:
        return len(self.taken), *_promised(Notice.objects.values_list("state", "repeats"))


class Chat(Side):
    """A chat's incoming webhook; the other sagas tell it by the same step."""

    steps: ClassVar[Steps] = {"booking": ("notify_webhooks",)}
    kind: ClassVar[str]

    def stand_up(self) -> None:
        self.chat = self.stack.enter_context(chat_server(self.kind))
        self.allow(self.chat.site.address)
        add_chat(self.kind, self.chat.url, now=now())
        trouble_site(self.chat.site, self.switch, revoked=gone(self.kind))

    def reconnect(self) -> None:
        (endpoint,) = webhook_endpoints()
        switch_on_webhook(endpoint, actor=OWNER)

    def arrivals(self) -> tuple[int, int, int] | None:
        return len(self.chat.taken), *_promised(Notice.objects.values_list("state", "repeats"))


class Slack(Chat):
    name, kind = "Slack", "slack"


class TeamsChat(Chat):
    name, kind = "Teams (chat)", "teams"


class Discord(Chat):
    name, kind = "Discord", "discord"


class Mattermost(Chat):
    name, kind = "Mattermost", "mattermost"


class Texts(Side):
    """Whoever carries texts: the client of these bookings gave a number."""

    steps: ClassVar[Steps] = dict.fromkeys(("booking", "move", "cancellation"), ("send_text",))

    def book(self) -> Booking:
        held = hold(
            get_event_type(self.slug), start=workday(10), time_zone="Europe/Lisbon", now=now(), actor=CLIENT,
            visitor="visitor",
        )  # fmt: skip
        return submit(
            held, attendee=BEN, guests=[], answers={}, now=now(), actor=CLIENT, phone="+351 912 345 678"
        )

    def _texts(self) -> tuple[int, int]:
        return _promised(TextMessage.objects.values_list("state", "repeats"))


class Twilio(Texts):
    name = "Twilio"

    def stand_up(self) -> None:
        self.twilio = self.stack.enter_context(served(TwilioSimulator()))
        settings.HOLDFAST_TWILIO_SIMULATOR = self.twilio.base_url
        self.allow(self.twilio.base_url.removeprefix("http://"))
        switch_on()
        refusal = {"code": 20003, "message": "Permission Denied", "status": 403}
        trouble_vendor(self.twilio, self.switch, forbidden=Reply(status=403, json=refusal))

    def revoke(self) -> None:
        self.accepts = self.twilio._signed_in
        words = {"code": 20003, "message": "Authenticate", "status": 401}

        def refuse(request: object) -> None:
            from tests.simulators.vendor import Refused

            raise Refused(Reply(status=401, json=words))

        self.twilio._signed_in = refuse  # type: ignore[method-assign]  # this one only

    def reconnect(self) -> None:
        self.twilio._signed_in = self.accepts  # type: ignore[method-assign]  # this one only

    def arrivals(self) -> tuple[int, int, int] | None:
        return len(self.twilio.sent), *self._texts()


class Gateway(Texts):
    """A gateway of the business's own. It looks at the key, as ours asks: a repeat is no second text."""

    name = "SMS gateway"

    def stand_up(self) -> None:
        self.taken: set[str] = set()
        site = self.stack.enter_context(http_site(self._take))
        self.allow(site.address)
        carrier = Carrier(kind="gateway", url=site.url("/texts"), secret="s3cret")
        use_carrier(carrier, now=now(), actor=Actor(type="user", id="1"))
        trouble_site(site, self.switch, revoked=Answer(status=401), rubbish=NOT_HTTP)

    def _take(self, seen: Seen) -> Answer:
        self.taken.add(seen.headers["idempotency-key"])
        return Answer(status=202)

    def arrivals(self) -> tuple[int, int, int] | None:
        return len(self.taken), *self._texts()


def _promised(rows: Any) -> tuple[int, int]:
    """Return how many of what we sent must have arrived, and how many times it may have."""
    kept = [(state, repeats) for state, repeats in rows if state != "withdrawn"]
    sent = sum(state in ("sent", "delivered") for state, _ in kept)
    return sent, sum(1 + repeats for _, repeats in kept)


def _passed_on(seen: Seen, inner: str) -> Answer:
    """Ask the product's own pages for what was asked here."""
    headers = {
        name: value for name, value in seen.headers.items() if name not in ("x-peer-port", "connection")
    }
    got = httpx.request(
        seen.method, f"http://{inner}{seen.path}", headers=headers, content=seen.body, trust_env=False
    )
    kept = {name: value for name, value in got.headers.items() if name in ("content-type", "location")}
    return Answer(status=got.status_code, body=got.content, headers=kept)


def _folder() -> Any:
    import tempfile

    return tempfile.TemporaryDirectory(prefix="holdfast-radicale-")


SIDES: tuple[type[Side], ...] = (
    GoogleCalendar, GoogleMeet, OutlookCalendar, Teams, CalDav, Zoom, Jitsi, BuiltInRoom, Smtp, Webhook, Slack,
    TeamsChat, Discord, Mattermost, Twilio, Gateway,
)  # fmt: skip
BY_NAME = {side.name: side for side in SIDES}
