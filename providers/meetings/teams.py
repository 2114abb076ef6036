"""Microsoft Teams: an online meeting on the meeting's own event in the host's Outlook calendar.

learn.microsoft.com/graph/outlook-calendar-online-meetings: an event with `isOnlineMeeting` and `onlineMeetingProvider`
teamsForBusiness needs no permission beside Calendars.ReadWrite, and moves and ends with its event. The other way, POST
/me/onlineMeetings, wants OnlineMeetings.ReadWrite, makes a meeting that is on nobody's calendar, and knows no personal
account (graph/choose-online-meeting-api, api/application-post-onlinemeetings), so it is not used.

The event is made before anything is confirmed, holding time and link; writing the calendar event later fills in the
rest of the very same one, so there is never a second. A reschedule keeps the link: both times' keys share it.
Another host who takes the meeting over has an event of their own, with another link.

What counts as proof: the event, read back from Microsoft, is this meeting's, is not cancelled, is online with Teams,
and its `joinUrl` at https://teams.microsoft.com is the link we would send. The page behind the link proves nothing: it
offers to open the app for meetings that exist and for those that do not.
"""

import time
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db.models import QuerySet

from providers.calendars.graph_event import holder_body, is_holder, without_meeting
from providers.calendars.graph_events import GraphEvents
from providers.calendars.vendor_calendars import open_session, own_suffix
from providers.models.calendars import Calendar
from providers.models.following import CalendarEntry, VendorMeeting
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
_TEAMS = "teamsForBusiness"
_ONLINE = {"isOnlineMeeting": True, "onlineMeetingProvider": _TEAMS}


class MicrosoftTeams:
    """Teams links of hosts whose destination calendar is at Microsoft. `create` and `cancel` are idempotent by key."""

    kind = "microsoft_teams"
    has_link = True

    def create(self, request: MeetingRequest, *, now: datetime) -> MeetingLink:
        """Return the link of this key, made now on the first host's calendar if it is new.

        Raises Rejected where no host has an Outlook calendar to write to or the account has no Teams, Unreachable
        while Microsoft is still making the meeting, and what sessions raise.
        """
        kept = _live(request.key)
        if kept is not None and kept.url:
            return _link(kept)
        calendar = _calendar_of(request.host_ids)
        account = calendar.connection.account
        assert account is not None  # _calendar_of looks among Microsoft's alone
        row, _ = VendorMeeting.objects.update_or_create(  # first: what was begun can be taken back
            key=request.key,
            defaults={
                "kind": self.kind,
                "account": account,
                "calendar": calendar,
                "meeting_uid": request.meeting_uid,
                "remote_id": _uid(request.meeting_uid),
                "url": "",
                "created_at": now,
                "cancelled_at": None,
            },
        )
        row.url = _made(_events(calendar), request)
        row.save(update_fields=["url"])
        return _link(row)

    def find(self, key: str) -> MeetingLink | None:
        """Return the live link of this key, or None. One query."""
        kept = _live(key)
        return _link(kept) if kept and kept.url else None

    def prove(self, link: MeetingLink, request: MeetingRequest, *, now: datetime) -> Proof:
        """Read the event back from Microsoft; raises NotJoinable with the reason in words."""
        kept = _live(link.key)
        if kept is None:
            raise NotJoinable("The Teams link of this meeting does not exist any more.")
        if kept.meeting_uid != request.meeting_uid:
            raise NotJoinable("The Teams link is another meeting’s.")
        item = _events(kept.calendar).own(kept.remote_id)
        if item is None or item.get("isCancelled"):
            raise NotJoinable("The event that carries the Teams link is gone from the calendar.")
        url = _join_url(item)
        if url != link.url:
            raise NotJoinable("The event carries another Teams link, or none.")
        evidence: dict[str, JsonScalar] = {
            "kind": self.kind,
            "meeting": request.meeting_uid,
            "provider": str(item.get("onlineMeetingProvider", "")),
        }
        return Proof(checked_at=now, url=url, evidence=evidence)

    def cancel(self, key: str, *, now: datetime) -> bool:
        """Take the link back: with its last key the meeting leaves the event, or an event made for it alone goes."""
        kept = _live(key)
        if kept is None:
            return False
        if not _sharing(kept).exclude(pk=kept.pk).exists():
            _remove(_events(kept.calendar), kept)
        return VendorMeeting.objects.filter(pk=kept.pk, cancelled_at=None).update(cancelled_at=now) == 1

    def is_of_host(self, key: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """Return True: it ends with its event in that host's calendar."""
        return True


def _made(events: GraphEvents, request: MeetingRequest) -> str:
    """Return the link, making the holding event or putting a meeting on the one that is there; waits about 2 s for it.

    The address may come a moment after the event: it is looked for again.
    """
    uid = _uid(request.meeting_uid)
    body = holder_body(uid, title=request.title, starts_at=request.starts_at, ends_at=request.ends_at)
    item = events.own(uid) or events.made(uid, {**body, **_ONLINE})
    if not item.get("isOnlineMeeting"):
        item = events.changed(item, _ONLINE)
    for _ in range(_LOOKS):
        if not item.get("isOnlineMeeting") or _join_url(item):
            break
        time.sleep(_PAUSE_SECONDS)
        item = events.own(uid) or {}
    if not item.get("isOnlineMeeting") or item.get("onlineMeetingProvider") != _TEAMS:
        raise Rejected(
            "Microsoft made no Teams meeting: is Teams part of this account? Personal accounts have none."
        )
    url = _join_url(item)
    if not url:
        raise Unreachable("Microsoft is still making the Teams link.")
    return url


def _remove(events: GraphEvents, kept: VendorMeeting) -> None:
    """Delete an event that only held the link, or take the meeting off one that is a written event.

    "you cannot … set isOnlineMeeting to false", but a body without the meeting's part ends it (api/event-update).
    """
    item = events.own(kept.remote_id)
    if item is None:
        return
    if is_holder(item):
        events.removed(item)
    elif item.get("isOnlineMeeting"):
        content = without_meeting(events.body_of(item))
        changed = events.changed(item, {"body": {"contentType": "html", "content": content}})
        CalendarEntry.objects.filter(calendar=kept.calendar, remote_id=item["id"]).update(
            etag=str(changed.get("@odata.etag", ""))
        )


def _live(key: str) -> VendorMeeting | None:
    rows = VendorMeeting.objects.select_related("calendar__connection__account")
    return rows.filter(key=key, kind=MicrosoftTeams.kind, cancelled_at=None).first()


def _sharing(row: VendorMeeting) -> QuerySet[VendorMeeting]:
    """Return the live rows of the same event: another host's calendar holds another one under the same id."""
    rows = VendorMeeting.objects.filter(calendar__url=row.calendar.url, cancelled_at=None)
    return rows.filter(remote_id=row.remote_id)


def _link(row: VendorMeeting) -> MeetingLink:
    return MeetingLink(kind=MicrosoftTeams.kind, key=row.key, url=row.url)


def _uid(meeting_uid: str) -> str:
    return f"{meeting_uid}{own_suffix()}"


def _events(calendar: Calendar) -> GraphEvents:
    account = calendar.connection.account
    assert account is not None
    return GraphEvents(open_session(account, timeout_seconds=_TIMEOUT_SECONDS), url=calendar.url)


def _calendar_of(host_ids: tuple[int, ...]) -> Calendar:
    """Return the destination calendar at Microsoft of the first host who has one; raises Rejected."""
    rows = Calendar.objects.filter(host_id__in=host_ids, is_destination=True, connection__kind="microsoft")
    found = {row.host_id: row for row in rows.select_related("connection__account")}
    for host_id in host_ids:
        if host_id in found:
            return found[host_id]
    raise Rejected("No host of this meeting writes to an Outlook calendar, so no Teams link can be made.")


def _join_url(item: dict[str, Any]) -> str:
    """Return the address to join a Teams meeting by; "" where the event tells none, or another provider's."""
    if not item.get("isOnlineMeeting") or item.get("onlineMeetingProvider") != _TEAMS:
        return ""
    url = str((item.get("onlineMeeting") or {}).get("joinUrl") or "")
    parts = urlsplit(url)
    return url if (parts.scheme, parts.netloc) == ("https", "teams.microsoft.com") else ""
