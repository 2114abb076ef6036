"""Google's addresses: OAuth, calendarList, events, freeBusy, channels. Each handler names the page of its rules."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tests.simulators.consent import Consent, Grant
from tests.simulators.google.channels import Channels
from tests.simulators.google.conferences import Conferences
from tests.simulators.google.expansion import masked
from tests.simulators.google.schema import check_event, error
from tests.simulators.google.store import Calendar, Store
from tests.simulators.vendor import Refused, Reply, Request, Simulator

_EVENTS = "https://www.googleapis.com/auth/calendar.events"
_LIST = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
_FREE_BUSY = "https://www.googleapis.com/auth/calendar.freebusy"
_NEVER_WITH_SYNC = {
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin",
}  # fmt: skip
_LIST_PARAMETERS = {
    *_NEVER_WITH_SYNC, "syncToken", "pageToken", "singleEvents", "showDeleted", "maxResults", "maxAttendees", "fields",
    "timeZone", "showHiddenInvitations", "alwaysIncludeEmail",
}  # fmt: skip


class GoogleSimulator(Simulator):
    """A Google with accounts, each with its primary calendar. Tests change it between requests."""

    def __init__(
        self, accounts: Sequence[str] = ("ana@gmail.example",), *, time_zone: str = "Europe/Lisbon"
    ) -> None:
        super().__init__()
        self.consent = Consent(accounts=list(accounts))
        self.store = Store()
        self.channels = Channels(self.store, self.consent.now)
        self.conferences = Conferences()
        self.is_api_enabled = True
        for account in accounts:
            self.store.add(
                Calendar(id=account, owner=account, name=account, time_zone=time_zone, is_primary=True)
            )
        self.route("GET", "/o/oauth2/v2/auth", self._authorize)
        self.route("POST", "/o/oauth2/v2/decide", lambda request: self.consent.decided(request))
        self.route("POST", "/token", self._token)
        self.route("POST", "/revoke", self._revoke)
        api = "/calendar/v3"
        self.route("GET", f"{api}/users/me/calendarList", self._calendar_list)
        self.route("GET", f"{api}/calendars/*/events", self._list)
        self.route("POST", f"{api}/calendars/*/events", self._insert)
        self.route("POST", f"{api}/calendars/*/events/watch", self._watch)
        self.route("GET", f"{api}/calendars/*/events/*", self._get)
        self.route("PATCH", f"{api}/calendars/*/events/*", self._patch)
        self.route("DELETE", f"{api}/calendars/*/events/*", self._delete)
        self.route("POST", f"{api}/freeBusy", self._free_busy)
        self.route("POST", f"{api}/channels/stop", self._stop)

    @property
    def allows_http_callbacks(self) -> bool:
        """Whether channels may call plain http addresses; Google wants https (guides/push)."""
        return self.channels.allows_http

    @allows_http_callbacks.setter
    def allows_http_callbacks(self, value: bool) -> None:
        self.channels.allows_http = value

    # -- what the account's owner does in Google's own pages ----------------------------------------------

    def make_calendar(
        self,
        account: str,
        calendar_id: str,
        *,
        name: str,
        role: str = "owner",
        time_zone: str = "Europe/Lisbon",
    ) -> Calendar:
        """Give an account another calendar."""
        return self.store.add(
            Calendar(id=calendar_id, owner=account, name=name, time_zone=time_zone, role=role)
        )

    def put(self, calendar_id: str, *, start: str, end: str, zone: str = "", **fields: Any) -> str:
        """Make an event as its owner would; a date is a whole day. Returns its id."""
        with self.lock:
            body = {"start": _said(start, zone), "end": _said(end, zone), **fields}
            check_event(body, is_new=True)
            event = self.store.calendars[calendar_id].insert(body)
            self.channels.tell(calendar_id)
            return str(event["id"])

    def change(self, calendar_id: str, event_id: str, **fields: Any) -> None:
        """Change an event as its owner would: `start`, `end` as in `put`, or any field of the resource."""
        with self.lock:
            body = {
                name: _said(value, "") if name in ("start", "end") and isinstance(value, str) else value
                for name, value in fields.items()
            }
            self.store.calendars[calendar_id].patch(event_id, body)
            self.channels.tell(calendar_id)

    def remove(self, calendar_id: str, event_id: str) -> None:
        """Delete an event as its owner would."""
        with self.lock:
            self.store.calendars[calendar_id].cancel(event_id)
            self.channels.tell(calendar_id)

    def carry(self, calendar_id: str, event_id: str, destination: str) -> None:
        """Take an event into another calendar as its owner would: it keeps its id (reference/events/move)."""
        with self.lock:
            event = dict(self.store.calendars[calendar_id].events[event_id])
            self.store.calendars[calendar_id].cancel(event_id)
            self.store.calendars[destination].insert(event)
            self.channels.tell(calendar_id)
            self.channels.tell(destination)

    def events(self, calendar_id: str) -> list[dict[str, Any]]:
        """Return the events that are not deleted, as the owner sees them."""
        with self.lock:
            held = self.store.calendars[calendar_id].events.values()
            return [dict(event) for event in held if event["status"] != "cancelled"]

    # -- OAuth: identity/protocols/oauth2/web-server -----------------------------------------------------

    def _authorize(self, request: Request) -> Reply:
        if request.query.get("access_type") != "offline":
            return Reply(status=400, body="Error 400: invalid_request")
        return self.consent.page(request, title="Google", decide="/o/oauth2/v2/decide")

    def _token(self, request: Request) -> Reply:
        form = request.form
        if form.get("client_id") not in self.consent.clients:
            raise _oauth(401, "invalid_client", "The OAuth client was not found.")
        if self.consent.clients[form["client_id"]] != form.get("client_secret"):
            raise _oauth(401, "invalid_client", "Unauthorized")
        uris = self.consent.redirect_uris
        if "redirect_uri" in form and uris is not None and form["redirect_uri"] not in uris:
            raise _oauth(400, "redirect_uri_mismatch", "Bad Request")
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "expires_in": int(self.consent.lasts.total_seconds()),
        }
        if form.get("grant_type") == "authorization_code":
            grant = self.consent.redeem(form)
            answer["refresh_token"] = self.consent.new_refresh(grant)
        elif form.get("grant_type") == "refresh_token":
            grant = self.consent.refreshed(form)
            if self.consent.rotates:
                answer["refresh_token"] = self.consent.new_refresh(grant)
        else:
            raise _oauth(400, "unsupported_grant_type", "Invalid grant_type")
        answer |= {"access_token": self.consent.new_access(grant), "scope": " ".join(grant.scopes)}
        return Reply(json=answer)

    def _revoke(self, request: Request) -> Reply:
        token = request.form.get("token", "")
        grant = self.consent.refresh_tokens.get(token) or self.consent.access_tokens.get(token, (None,))[0]
        if grant is None or not grant.is_alive:
            raise _oauth(400, "invalid_token", "Token expired or revoked")
        for each in self.consent.grants:  # all of this client's, for this account
            if (each.account, each.client_id) == (grant.account, grant.client_id):
                each.is_alive = False
        return Reply(json={})

    # -- calendars and events: calendar/api/v3/reference ---------------------------------------------------

    def _calendar_list(self, request: Request) -> Reply:
        grant = self._signed_in(request, _LIST)
        return Reply(json={"kind": "calendar#calendarList", "items": self.store.listed(grant.account)})

    def _list(self, request: Request) -> Reply:
        """reference/events/list, guides/sync."""
        calendar = self._calendar(request)
        query = request.query
        unknown = query.keys() - _LIST_PARAMETERS
        if unknown:
            raise error(400, "invalidParameter", f"Unknown parameter {sorted(unknown)[0]}")
        if "syncToken" in query and (_NEVER_WITH_SYNC & query.keys() or query.get("showDeleted") == "false"):
            raise error(400, "invalid", "Sync token cannot be used with other request restrictions.")
        if not 1 <= int(query.get("maxResults", "250")) <= 2500:
            raise error(400, "invalid", "Invalid value for: maxResults")
        _check_range(query)
        page = calendar.page(query)
        for item in page["items"]:
            self._hide(calendar, item)
            if int(query.get("maxAttendees", "500")) < len(item.get("attendees", ())):
                item["attendees"] = [each for each in item["attendees"] if each.get("self")]
        return Reply(json=masked(page, query["fields"]) if "fields" in query else page)

    def _insert(self, request: Request) -> Reply:
        """reference/events/insert; 409 for an id that was used, be it by a deleted event (guides/errors)."""
        calendar = self._calendar(request, is_writing=True)
        body = check_event(_body(request), is_new=True)
        if body.get("id") in calendar.events:
            raise error(409, "duplicate", "The requested identifier already exists.")
        asked = body.pop("conferenceData", None)
        event = calendar.insert(body)
        self._confer(event, asked, request)
        self.channels.tell(calendar.id)
        return Reply(json=event)

    def _get(self, request: Request) -> Reply:
        calendar = self._calendar(request)
        event = self._event(calendar, request.match[1])
        self.conferences.look(event)
        return Reply(json=event, headers={"ETag": event["etag"]})

    def _patch(self, request: Request) -> Reply:
        """reference/events/patch; 412 where If-Match is another version (guides/version-resources).

        Stricter than Google on purpose: a change without If-Match is refused, so that none is sent blindly.
        """
        calendar = self._calendar(request, is_writing=True)
        event = self._event(calendar, request.match[1])
        if "if-match" not in request.headers:
            raise error(400, "required", "This simulator wants If-Match with every change.")
        if request.headers["if-match"] != event["etag"]:
            raise error(412, "conditionNotMet", "Precondition Failed")
        body = _body(request)
        asked = body.pop("conferenceData", "absent") if isinstance(body, dict) else "absent"
        check_event(body, is_new=False)
        event = calendar.patch(request.match[1], body)
        if asked != "absent":
            self._confer(event, asked, request)
        self.channels.tell(calendar.id)
        return Reply(json=event)

    def _delete(self, request: Request) -> Reply:
        """reference/events/delete; 410 for what was deleted before (guides/errors)."""
        calendar = self._calendar(request, is_writing=True)
        event = self._event(calendar, request.match[1])
        if event["status"] == "cancelled":
            raise error(410, "deleted", "Resource has been deleted")
        calendar.cancel(request.match[1])
        self.channels.tell(calendar.id)
        return Reply(status=204)

    def _free_busy(self, request: Request) -> Reply:
        """reference/freebusy/query."""
        self._signed_in(request, _FREE_BUSY)
        body = _body(request)
        found = {
            each["id"]: {"busy": self.store.calendars[each["id"]].busy(body["timeMin"], body["timeMax"])}
            if each["id"] in self.store.calendars
            else {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
            for each in body["items"]
        }
        return Reply(json={"kind": "calendar#freeBusy", "calendars": found})

    def _watch(self, request: Request) -> Reply:
        calendar = self._calendar(request)
        return Reply(json=self.channels.open(calendar.id, _body(request)))

    def _stop(self, request: Request) -> Reply:
        self._signed_in(request, _EVENTS)
        self.channels.stop(_body(request))
        return Reply(status=204)

    def _confer(self, event: dict[str, Any], asked: Any, request: Request) -> None:
        """conferenceData counts only with conferenceDataVersion=1 (guides/create-events, "conferencing")."""
        if request.query.get("conferenceDataVersion") == "1" and asked != "absent":
            self.conferences.change(event, asked)

    def _signed_in(self, request: Request, scope: str) -> Grant:
        grant = self.consent.bearer(request)
        if grant is None:
            raise error(401, "authError", "Invalid Credentials")
        if not self.is_api_enabled:
            raise error(
                403, "accessNotConfigured", "Google Calendar API has not been used in project 1 before."
            )
        if scope not in grant.scopes:
            raise error(403, "insufficientPermissions", "Insufficient Permission")
        return grant

    def _calendar(self, request: Request, *, is_writing: bool = False) -> Calendar:
        grant = self._signed_in(request, _EVENTS)
        calendar = self.store.calendars.get(request.match[0])
        if calendar is None or calendar.owner != grant.account:
            raise error(404, "notFound", "Not Found")
        if is_writing and calendar.role not in ("owner", "writer"):
            raise error(403, "requiredAccessLevel", "You need to have writer access to this calendar.")
        return calendar

    def _event(self, calendar: Calendar, event_id: str) -> dict[str, Any]:
        event = calendar.events.get(event_id)
        if event is None:
            raise error(404, "notFound", "Not Found")
        return event

    @staticmethod
    def _hide(calendar: Calendar, item: dict[str, Any]) -> None:
        """A free-busy reader sees times alone; private events of others carry no words (concepts/sharing)."""
        if calendar.role == "freeBusyReader" or (
            calendar.role == "reader" and item.get("visibility") == "private"
        ):
            for name in ("summary", "description", "location", "attendees", "extendedProperties"):
                item.pop(name, None)


def _said(text: str, zone: str) -> dict[str, str]:
    if len(text) == 10:
        return {"date": text}
    return {"dateTime": text, "timeZone": zone} if zone else {"dateTime": text}


def _body(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        raise error(400, "parseError", "Parse Error") from None


def _check_range(query: Any) -> None:
    """timeMin and timeMax are RFC 3339 with an offset, and in order (reference/events/list)."""
    bounds = {}
    for name in ("timeMin", "timeMax"):
        if name in query:
            try:
                bounds[name] = datetime.fromisoformat(query[name])
            except ValueError:
                raise error(400, "badRequest", "Bad Request") from None
            if bounds[name].tzinfo is None:
                raise error(400, "badRequest", "Bad Request")
    if len(bounds) == 2 and bounds["timeMin"] >= bounds["timeMax"]:
        raise error(400, "timeRangeEmpty", "The specified time range is empty.")


def _oauth(status: int, name: str, words: str) -> Refused:
    return Refused(Reply(status=status, json={"error": name, "error_description": words}))
