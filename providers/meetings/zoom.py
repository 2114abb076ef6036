"""Zoom: a scheduled meeting of its own for each booking, in the host's own account or by the business's app.

Made once, though Zoom has no idempotency key: our row is written first, with a mark that stands at the beginning of the
meeting's agenda. Whoever comes back to a row without an answer (a lost answer, a killed worker) looks for the mark
among the user's coming meetings before asking for another; and of the seats of a session, which share a key, one asks
at a time: its claim is a lease in the row, for what leaves the building holds no transaction. A reschedule moves the
very same meeting, whose link stays: both times' keys share it until one of them is cancelled, and what remains says
the time. A meeting in a host's own account is theirs to start: who takes the booking over gets another one.

What counts as proof: the meeting, read back from Zoom, carries our mark, is scheduled for one of our times, wants
neither registration nor sign-in, and its join_url is the link that we would send, at Zoom. Opening the link proves
nothing: Zoom shows the same page for numbers that exist and numbers that do not.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from kernel.tenancy import current_schema
from providers.meetings.zoom_accounts import zoom_accounts
from providers.meetings.zoom_app import organisation_session, zoom_organisation
from providers.meetings.zoom_remote import SCHEDULED, RemoteMeetings, UnknownUser, faults_of, zoom_time
from providers.models.zoom import ZoomMeeting
from providers.oauth.session import ApiSession
from providers.oauth.tokens import access_token
from providers.oauth.vendors import vendor
from providers.protocols import (
    JsonScalar,
    MeetingLink,
    MeetingRequest,
    NotJoinable,
    Proof,
    Rejected,
    Unauthorised,
    Unreachable,
)

_TIMEOUT_SECONDS = 8.0
_LEASE = timedelta(seconds=20)
_PATIENCE_SECONDS, _PAUSE_SECONDS = 10.0, 0.1
_HOSTS = (".zoom.us", ".zoomgov.com", ".zoom.com")


class Zoom:
    """Zoom meetings. `create` and `cancel` are idempotent by key."""

    kind = "zoom"
    has_link = True

    def create(self, request: MeetingRequest, *, now: datetime) -> MeetingLink:
        """Return the link of this key. A meeting that this booking has at Zoom already is used, and given the time
        that is asked for; one that is gone there is made anew.

        Raises Rejected where nothing is connected or Zoom refuses, Unreachable while somebody else asks for this key,
        and what sessions raise.
        """
        kept = (
            ZoomMeeting.objects.select_related("account").filter(key=request.key, cancelled_at=None).first()
        )
        row, is_new = (kept, False) if kept else _sharing_one(request, now) or _begun(request, now)
        with _asking(row):
            remote = RemoteMeetings(_session(row))
            item = (
                _as_asked(remote, row)
                if row.remote_id
                else None
                if is_new
                else remote.find(row.user, row.mark)
            )
            if item is None:
                item = _made(remote, row, request.title)
            row.remote_id, row.url = str(item.get("id", "")), str(item.get("join_url", ""))
            if not row.remote_id or not row.url:
                raise Rejected("Zoom’s answer names no meeting.")
            row.save(update_fields=["remote_id", "url"])
        return _link(row)

    def find(self, key: str) -> MeetingLink | None:
        """Return the live link of this key, or None. One query."""
        row = ZoomMeeting.objects.filter(key=key, cancelled_at=None).first()
        return _link(row) if row and row.url else None

    def prove(self, link: MeetingLink, request: MeetingRequest, *, now: datetime) -> Proof:
        """Read the meeting back from Zoom; raises NotJoinable with the reason in words."""
        row = ZoomMeeting.objects.select_related("account").filter(key=link.key, cancelled_at=None).first()
        if row is None or not row.remote_id:
            raise NotJoinable("The Zoom meeting of this booking does not exist any more.")
        item = RemoteMeetings(_session(row)).read(row.remote_id)
        if item is None:
            raise NotJoinable("The meeting is gone from Zoom.")
        _check(item, row, link)
        evidence: dict[str, JsonScalar] = {
            "kind": self.kind,
            "meeting": request.meeting_uid,
            "remote": row.remote_id,
            "status": str(item.get("status", "")),
            "starts_at": str(item.get("start_time", "")),
        }
        return Proof(checked_at=now, url=link.url, evidence=evidence)

    def cancel(self, key: str, *, now: datetime) -> bool:
        """Delete the meeting with its last key, half-made or whole; before, let what remains say its time."""
        row = ZoomMeeting.objects.select_related("account").filter(key=key, cancelled_at=None).first()
        if row is None:
            return False
        remote = RemoteMeetings(_session(row))
        others = _sharing(row).exclude(pk=row.pk).order_by("-created_at", "-pk")
        remains = others.first() if row.remote_id else None
        if remains is None:
            remote_id = row.remote_id or str((remote.find(row.user, row.mark) or {}).get("id", ""))
            if remote_id:
                remote.remove(remote_id)
        elif (remains.created_at, remains.pk) < (row.created_at, row.pk):
            remote.move(row.remote_id, starts_at=remains.starts_at, ends_at=remains.ends_at)
        return ZoomMeeting.objects.filter(pk=row.pk, cancelled_at=None).update(cancelled_at=now) == 1

    def is_of_host(self, key: str) -> bool:
        """Say whether a host has it at Zoom: in their own account, or as a user of the business's. Two queries."""
        row = ZoomMeeting.objects.filter(key=key, cancelled_at=None).first()
        if row is None or not row.by_app:
            return row is not None
        app = zoom_organisation()
        return app is not None and row.user != app.user


@contextmanager
def _asking(row: ZoomMeeting) -> Iterator[None]:
    """Be the only one who asks Zoom for this key, and see what those before got; raises Unreachable if they go on."""
    mine = ZoomMeeting.objects.filter(pk=row.pk)
    free = mine.filter(Q(asked_until=None) | Q(asked_until__lt=Now()))
    ends_at = time.monotonic() + _PATIENCE_SECONDS
    while not free.update(asked_until=Now() + _LEASE):
        if time.monotonic() >= ends_at:
            raise Unreachable("Another seat of this session is getting the Zoom meeting at this moment.")
        time.sleep(_PAUSE_SECONDS)
    try:
        row.refresh_from_db(fields=["remote_id", "url", "user"])
        yield
    finally:
        mine.update(asked_until=None)


def _begun(request: MeetingRequest, now: datetime) -> tuple[ZoomMeeting, bool]:
    """Write down what is about to be asked for, and who hosts it: what was begun can be found and taken back.
    Returns it and whether nobody can have asked for it before."""
    accounts = [each for each in zoom_accounts(request.host_ids) if each.ended_at is None]
    app = None if accounts else zoom_organisation()
    if not accounts and app is None:
        raise Rejected("Zoom is not connected: connect it in Connections.")
    known = request.host_addresses[0] if request.host_addresses else ""
    return _written(
        request,
        now,
        {
            "mark": f"[holdfast:{request.key}@{current_schema()}]",
            "meeting_uid": request.meeting_uid,
            "account": accounts[0] if accounts else None,
            "by_app": app is not None,
            "user": (known or app.user) if app else "me",
            "remote_id": "",
        },
    )


def _sharing_one(request: MeetingRequest, now: datetime) -> tuple[ZoomMeeting, bool] | None:
    """Write this key beside the one under which the booking has a meeting already; None where it has none, or only as
    that of somebody who does not host it any more."""
    app = zoom_organisation()
    users = [*request.host_addresses, *([app.user] if app else [])]
    rows = ZoomMeeting.objects.select_related("account").filter(
        Q(by_app=True, user__in=users) | Q(account__host_id__in=request.host_ids),
        meeting_uid=request.meeting_uid,
        cancelled_at=None,
    )
    former = rows.exclude(remote_id="").order_by("-created_at", "-pk").first()
    if former is None:
        return None
    return _written(
        request,
        now,
        {
            "mark": former.mark,
            "meeting_uid": former.meeting_uid,
            "account": former.account,
            "by_app": former.by_app,
            "user": former.user,
            "remote_id": former.remote_id,
        },
    )


def _written(request: MeetingRequest, now: datetime, who: dict[str, Any]) -> tuple[ZoomMeeting, bool]:
    """Write the row of a key, or bring back one that was cancelled; one that is live stays as it is."""
    values = {
        **who,
        "url": "",
        "starts_at": request.starts_at,
        "ends_at": request.ends_at,
        "created_at": now,
        "cancelled_at": None,
        "asked_until": None,
    }
    row, is_new = ZoomMeeting.objects.get_or_create(key=request.key, defaults=values)
    if not is_new:
        ZoomMeeting.objects.filter(pk=row.pk, cancelled_at__isnull=False).update(**values)
        row.refresh_from_db()
    return row, is_new


def _as_asked(remote: RemoteMeetings, row: ZoomMeeting) -> dict[str, Any] | None:
    """Return the meeting as it is at Zoom, at the row's time from now on; None where it is gone there."""
    item = remote.read(row.remote_id)
    if item is None:
        return None
    if item.get("start_time") != zoom_time(row.starts_at) and not remote.move(
        row.remote_id, starts_at=row.starts_at, ends_at=row.ends_at
    ):
        return None
    return item


def _made(remote: RemoteMeetings, row: ZoomMeeting, title: str) -> dict[str, Any]:
    """Ask for the meeting; a host whom the business's account does not know is stood in for by the app's user."""
    wanted: dict[str, Any] = {
        "topic": title, "mark": row.mark, "starts_at": row.starts_at, "ends_at": row.ends_at
    }  # fmt: skip
    try:
        return remote.make(row.user, **wanted)
    except UnknownUser:
        app = zoom_organisation()
        if not row.by_app or app is None or row.user == app.user:
            raise
        row.user = app.user
        row.save(update_fields=["user"])
        return remote.make(row.user, **wanted)


def _session(row: ZoomMeeting) -> ApiSession:
    """Return a session in whose name the meeting was made. Raises Unauthorised where that was disconnected."""
    if row.by_app:
        app = zoom_organisation()
        if app is None:
            raise Unauthorised("The business’s Zoom app was disconnected.")
        return organisation_session(app, timeout_seconds=_TIMEOUT_SECONDS)
    if row.account is None:
        raise Unauthorised("The host’s Zoom account was disconnected.")
    return ApiSession(vendor("zoom"), access_token(row.account), timeout_seconds=_TIMEOUT_SECONDS)


def _sharing(row: ZoomMeeting) -> QuerySet[ZoomMeeting]:
    """Return the live rows of the same meeting at Zoom; itself alone while it has none there."""
    if not row.remote_id:
        return ZoomMeeting.objects.filter(pk=row.pk)
    return ZoomMeeting.objects.filter(remote_id=row.remote_id, cancelled_at=None)


def _check(item: dict[str, Any], row: ZoomMeeting, link: MeetingLink) -> None:
    """Raise NotJoinable unless the meeting is ours, at one of our times, open to whoever has the link."""
    if not str(item.get("agenda", "")).startswith(row.mark) or item.get("type") != SCHEDULED:
        raise NotJoinable("The meeting at Zoom is not the one that was made for this booking.")
    if item.get("start_time") not in {zoom_time(each.starts_at) for each in _sharing(row)}:
        raise NotJoinable("The meeting at Zoom is at another time.")
    if item.get("join_url") != link.url or not _is_at_zoom(link.url):
        raise NotJoinable("The meeting at Zoom has another link.")
    if fault := faults_of(item):
        raise NotJoinable(fault)


def _is_at_zoom(url: str) -> bool:
    parts = urlsplit(url)
    simulator = urlsplit(settings.HOLDFAST_ZOOM_SIMULATOR)
    if simulator.netloc:
        return parts.netloc == simulator.netloc
    host = f".{parts.hostname or ''}"
    return parts.scheme == "https" and host.endswith(_HOSTS)


def _link(row: ZoomMeeting) -> MeetingLink:
    return MeetingLink(kind=Zoom.kind, key=row.key, url=row.url)
