"""Google Meet: a conference on the meeting's own event in the host's Google Calendar (guides/create-events).

The event is made before anything is confirmed, holding time and conference; writing the calendar event later fills in
the rest of the very same one, so there is never a second. A reschedule keeps the link: both times' keys share it.
Another host who takes the meeting over has an event of their own, with another link.

What counts as proof: the event, read back from Google, is this meeting's and not deleted, its createRequest says
success, and its conference is Meet with a video entry point at https://meet.google.com that is the link we would send.
The page behind the link proves nothing: Google shows a sign-in there for codes that exist and codes that do not.
"""

import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from django.db.models import QuerySet

from kernel.tenancy import current_schema
from providers.calendars.google import google_event_id
from providers.calendars.google_event import HOLDER
from providers.calendars.google_times import OWN_PROPERTY
from providers.calendars.vendor_calendars import open_session
from providers.models.calendars import Calendar
from providers.models.following import VendorMeeting
from providers.oauth.session import ApiSession
from providers.protocols import (
    JsonScalar,
    MeetingLink,
    MeetingRequest,
    NotJoinable,
    Proof,
    Rejected,
    Unreachable,
)

_TIMEOUT_SECONDS = 8.0
_LOOKS, _PAUSE_SECONDS = 5, 0.4
_CONFERENCE = {"conferenceDataVersion": "1", "sendUpdates": "none"}
_GONE = (404, 410)


class GoogleMeet:
    """Meet links of hosts whose destination calendar is at Google. `create` and `cancel` are idempotent by key."""

    kind = "google_meet"
    has_link = True

    def create(self, request: MeetingRequest, *, now: datetime) -> MeetingLink:
        """Return the link of this key, made now on the first host's calendar if it is new.

        Raises Rejected where no host has a Google Calendar to write to or Google makes no conference, Unreachable
        while it is still making one, and what sessions raise.
        """
        kept = _live(request.key)
        if kept is not None and kept.url:
            return _link(kept)
        calendar = _calendar_of(request.host_ids)
        conference = _Conference(calendar, request.meeting_uid)
        account = calendar.connection.account
        assert account is not None  # _calendar_of looks among Google's alone
        row, _ = VendorMeeting.objects.update_or_create(  # first: what was begun can be taken back
            key=request.key,
            defaults={
                "kind": self.kind,
                "account": account,
                "calendar": calendar,
                "meeting_uid": request.meeting_uid,
                "remote_id": conference.event_id,
                "url": "",
                "created_at": now,
                "cancelled_at": None,
            },
        )
        row.url = conference.made(request)
        row.save(update_fields=["url"])
        return _link(row)

    def find(self, key: str) -> MeetingLink | None:
        """Return the live link of this key, or None. One query."""
        kept = _live(key)
        return _link(kept) if kept and kept.url else None

    def prove(self, link: MeetingLink, request: MeetingRequest, *, now: datetime) -> Proof:
        """Read the event back from Google; raises NotJoinable with the reason in words."""
        kept = _live(link.key)
        if kept is None:
            raise NotJoinable("The Google Meet link of this meeting does not exist any more.")
        item = _Conference(kept.calendar, kept.meeting_uid).read()
        if item is None or item.get("status") == "cancelled":
            raise NotJoinable("The event that carries the Google Meet link is gone from the calendar.")
        _check_own(item, request)
        url = _video_link(item)
        if url != link.url:
            raise NotJoinable("The event carries another Google Meet link, or none.")
        evidence: dict[str, JsonScalar] = {
            "kind": self.kind,
            "meeting": request.meeting_uid,
            "status": _status(item),
            "conference": str((item.get("conferenceData") or {}).get("conferenceId", "")),
        }
        return Proof(checked_at=now, url=url, evidence=evidence)

    def cancel(self, key: str, *, now: datetime) -> bool:
        """Take the link back: with its last key the conference leaves the event, or an event made for it alone."""
        kept = _live(key)
        if kept is None:
            return False
        if not _sharing(kept).exclude(pk=kept.pk).exists():
            _Conference(kept.calendar, kept.meeting_uid).removed()
        return VendorMeeting.objects.filter(pk=kept.pk, cancelled_at=None).update(cancelled_at=now) == 1

    def is_of_host(self, key: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """Return True: it ends with its event in that host's calendar."""
        return True


class _Conference:
    """The event of one meeting in one calendar, and the conference on it."""

    def __init__(self, calendar: Calendar, meeting_uid: str) -> None:
        account = calendar.connection.account
        assert account is not None
        self._session: ApiSession = open_session(account, timeout_seconds=_TIMEOUT_SECONDS)
        self._uid = f"{meeting_uid}@{current_schema()}.holdfast"
        self.event_id = google_event_id(self._uid)
        self._events = f"/calendars/{quote(unquote(calendar.url.rsplit('/', 1)[-1]), safe='')}/events"

    def made(self, request: MeetingRequest) -> str:
        """Return the video link, asking for a conference where there is none; waits about two seconds for it."""
        item = self._inserted(request)
        for _ in range(_LOOKS):
            if _status(item) != "pending":
                break
            time.sleep(_PAUSE_SECONDS)
            item = self.read() or {}
        if _status(item) == "pending":
            raise Unreachable("Google is still making the Meet link.")
        url = _video_link(item)
        if not url:
            raise Rejected("Google made no Meet link: is Meet switched on for this account?")
        return url

    def read(self) -> dict[str, Any] | None:
        """Return the event as Google has it; None where it never was."""
        answer = self._session.request("GET", f"{self._events}/{self.event_id}")
        if answer.status_code in _GONE:
            return None
        if not answer.is_success:
            raise Rejected(f"Google refused to show the event (HTTP {answer.status_code}).")
        return self._session.read(answer)

    def removed(self) -> None:
        """Delete an event that only held the link, or take the conference off one that is a written event."""
        item = self.read()
        if item is None or item.get("status") == "cancelled":
            return
        if _is_holder(item):
            answer = self._session.request(
                "DELETE",
                f"{self._events}/{self.event_id}",
                params={"sendUpdates": "none"},
                is_repeatable=True,
            )
        else:
            answer = self._patched(item, {"conferenceData": None})
        if not answer.is_success and answer.status_code not in _GONE:
            raise Unreachable(f"Google did not take the Meet link back (HTTP {answer.status_code}).")

    def _inserted(self, request: MeetingRequest) -> dict[str, Any]:
        """Insert the holding event; where the id is taken, use that event, and ask for what it lacks."""
        asked = {
            "createRequest": {
                "requestId": request.key,  # a repeated id is ignored (reference/events, "createRequest")
                "conferenceSolutionKey": {"type": "hangoutsMeet"},
            }
        }
        body = {
            "id": self.event_id,
            "summary": request.title[:1024],
            "start": {"dateTime": _rfc3339(request.starts_at)},
            "end": {"dateTime": _rfc3339(request.ends_at)},
            "extendedProperties": {"private": {OWN_PROPERTY: self._uid, HOLDER: "yes"}},
            "conferenceData": asked,
        }
        answer = self._session.request(
            "POST", self._events, params=_CONFERENCE, json=body, is_repeatable=True
        )
        if answer.is_success:
            return self._session.read(answer)
        if answer.status_code != 409:
            raise Rejected(f"Google refused the event for the Meet link (HTTP {answer.status_code}).")
        item = self.read() or {}
        if item.get("status") == "cancelled":
            del body["id"]
            return self._session.read(self._patched(item, {**body, "status": "confirmed"}))
        if _status(item) in ("success", "pending"):
            return item
        return self._session.read(self._patched(item, {"conferenceData": asked}))

    def _patched(self, item: dict[str, Any], body: dict[str, Any]) -> Any:
        answer = self._session.request(
            "PATCH",
            f"{self._events}/{self.event_id}",
            params=_CONFERENCE,
            json=body,
            headers={"If-Match": str(item.get("etag", ""))},
            is_repeatable=True,
        )
        if answer.status_code == 412:
            raise Unreachable("The event was changed in the calendar at the same moment.")
        return answer


def _live(key: str) -> VendorMeeting | None:
    rows = VendorMeeting.objects.select_related("calendar__connection__account")
    return rows.filter(key=key, kind=GoogleMeet.kind, cancelled_at=None).first()


def _sharing(row: VendorMeeting) -> QuerySet[VendorMeeting]:
    """Return the live rows of the same event: another host's calendar holds another one under the same id."""
    rows = VendorMeeting.objects.filter(calendar__url=row.calendar.url, cancelled_at=None)
    return rows.filter(remote_id=row.remote_id)


def _link(row: VendorMeeting) -> MeetingLink:
    return MeetingLink(kind=GoogleMeet.kind, key=row.key, url=row.url)


def _calendar_of(host_ids: tuple[int, ...]) -> Calendar:
    """Return the destination calendar at Google of the first host who has one; raises Rejected."""
    rows = Calendar.objects.filter(host_id__in=host_ids, is_destination=True, connection__kind="google")
    found = {row.host_id: row for row in rows.select_related("connection__account")}
    for host_id in host_ids:
        if host_id in found:
            return found[host_id]
    raise Rejected("No host of this meeting writes to a Google Calendar, so no Google Meet link can be made.")


def _check_own(item: dict[str, Any], request: MeetingRequest) -> None:
    private = (item.get("extendedProperties") or {}).get("private") or {}
    if private.get(OWN_PROPERTY) != f"{request.meeting_uid}@{current_schema()}.holdfast":
        raise NotJoinable("The event with the Google Meet link is another meeting’s.")


def _status(item: dict[str, Any]) -> str:
    request = (item.get("conferenceData") or {}).get("createRequest") or {}
    return str((request.get("status") or {}).get("statusCode", ""))


def _is_holder(item: dict[str, Any]) -> bool:
    return ((item.get("extendedProperties") or {}).get("private") or {}).get(HOLDER) == "yes"


def _video_link(item: dict[str, Any]) -> str:
    """Return the video entry point of a Meet conference that was made; "" where there is none."""
    data = item.get("conferenceData") or {}
    solution = ((data.get("conferenceSolution") or {}).get("key") or {}).get("type")
    if _status(item) != "success" or solution != "hangoutsMeet":
        return ""
    for entry in data.get("entryPoints") or ():
        url = str(entry.get("uri", ""))
        parts = urlsplit(url)
        if entry.get("entryPointType") == "video" and (parts.scheme, parts.netloc) == (
            "https",
            "meet.google.com",
        ):
            return url
    return ""


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
