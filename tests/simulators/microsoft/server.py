"""Graph's addresses: calendars, views, deltas, events, subscriptions. Each handler names the page of its rules."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlencode

from tests.simulators.consent import Consent, Grant
from tests.simulators.microsoft.online import OnlineMeetings
from tests.simulators.microsoft.rendering import Shape, bounds_of, etag, rendered, shape_of
from tests.simulators.microsoft.schema import check_event, error, moment
from tests.simulators.microsoft.sign_in import GRAPH, SignIn
from tests.simulators.microsoft.store import Calendar, unpacked
from tests.simulators.microsoft.subscriptions import Subscriptions
from tests.simulators.vendor import Reply, Request, Simulator

_SCOPE = f"{GRAPH}Calendars.ReadWrite"
_FILTER = re.compile(r"singleValueExtendedProperties/Any\(ep: ep/id eq '([^']+)' and ep/value eq '([^']+)'\)")
_RESOURCE = re.compile(r"/?me/calendars/([^/]+)/events")
_NEVER_IN_DELTA = {"$select", "$expand", "$filter", "$orderby", "$search"}
_VIEW = {"startDateTime", "endDateTime", "$select", "$expand", "$top", "$skip"}


class MicrosoftSimulator(Simulator):
    """A Microsoft with accounts, each with its default calendar. Tests change it between requests."""

    def __init__(
        self, accounts: Sequence[str] = ("ana@acme.example",), *, time_zone: str = "Europe/Lisbon"
    ) -> None:
        super().__init__()
        self.consent = Consent(accounts=list(accounts))
        self.sign_in = SignIn(self.consent)
        self.calendars: dict[str, Calendar] = {}
        self.subscriptions = Subscriptions(self.consent.now)
        self.online = OnlineMeetings()
        self.returns_duplicates = False  # a transactionId that was used: the event again, instead of 409
        for account in accounts:
            self.make_calendar(account, name="Calendar", time_zone=time_zone, is_default=True)
        self.route("GET", "/*/oauth2/v2.0/authorize", self.sign_in.authorize)
        self.route("POST", "/*/oauth2/v2.0/decide", self.sign_in.decide)
        self.route("POST", "/*/oauth2/v2.0/token", self.sign_in.token)
        me = "/v1.0/me/calendars"
        self.route("GET", me, self._list_calendars)
        self.route("GET", f"{me}/*/calendarView", self._view)
        self.route("GET", f"{me}/*/calendarView/delta", self._delta)
        self.route("GET", f"{me}/*/events", self._find)
        self.route("POST", f"{me}/*/events", self._create)
        self.route("GET", f"{me}/*/events/*", self._get)
        self.route("PATCH", f"{me}/*/events/*", self._update)
        self.route("DELETE", f"{me}/*/events/*", self._delete)
        self.route("POST", "/v1.0/me/calendar/getSchedule", self._schedule)
        self.route("POST", "/v1.0/subscriptions", self._subscribe)
        self.route("PATCH", "/v1.0/subscriptions/*", self._renew)
        self.route("DELETE", "/v1.0/subscriptions/*", self._unsubscribe)

    # -- what the account's owner does in Outlook ----------------------------------------------------------

    def make_calendar(
        self, account: str, *, name: str, time_zone: str = "Europe/Lisbon", **changes: Any
    ) -> Calendar:
        """Give an account another calendar."""
        made = Calendar(f"AAMk{secrets.token_urlsafe(12)}=", account, name, time_zone, **changes)
        self.calendars[made.id] = made
        return made

    def default(self, account: str) -> Calendar:
        """Return an account's own calendar."""
        return next(each for each in self.calendars.values() if each.owner == account and each.is_default)

    def put(self, calendar: Calendar, *, start: str, end: str, zone: str = "UTC", **fields: Any) -> str:
        """Make an event as its owner would; two dates are whole days. Returns its id."""
        with self.lock:
            whole = {"isAllDay": True} if len(start) == 10 else {}
            facts = {name: fields.pop(name) for name in ("responseStatus", "isCancelled") if name in fields}
            body = {"start": _said(start, zone), "end": _said(end, zone), **whole, **fields}
            event = calendar.insert({**check_event(body, is_new=True), **facts})
            self.subscriptions.changed(calendar.id, event["id"], "created")
            return str(event["id"])

    def change(self, calendar: Calendar, event_id: str, **fields: Any) -> None:
        """Change an event as its owner would: `start`, `end` as in `put`, or any field of the resource."""
        with self.lock:
            times = {name: _said(fields[name], "UTC") for name in ("start", "end") if name in fields}
            calendar.patch(event_id, {**fields, **times})
            self.subscriptions.changed(calendar.id, event_id, "updated")

    def remove(self, calendar: Calendar, event_id: str) -> None:
        """Delete an event, or one date of a series, as its owner would."""
        with self.lock:
            calendar.delete(event_id)
            self.subscriptions.changed(calendar.id, event_id, "deleted")

    def carry(self, calendar: Calendar, event_id: str, destination: Calendar) -> str:
        """Take an event into another calendar as its owner would: it gets another id, which is returned
        (resources/event, "id"; graph/outlook-immutable-id)."""
        with self.lock:
            event = {name: value for name, value in calendar.events[event_id].items() if name != "id"}
            calendar.delete(event_id)
            key = str(destination.insert(event)["id"])
            self.subscriptions.changed(calendar.id, event_id, "deleted")
            self.subscriptions.changed(destination.id, key, "created")
            return key

    def events(self, account: str) -> list[dict[str, Any]]:
        """Return the events in an account's own calendar, as they are kept."""
        with self.lock:
            return [dict(event) for event in self.default(account).events.values()]

    # -- Graph ---------------------------------------------------------------------------------------------

    def _list_calendars(self, request: Request) -> Reply:
        """api/user-list-calendars, resources/calendar."""
        grant = self._signed_in(request)
        mine = [each for each in self.calendars.values() if each.owner == grant.account]
        return Reply(json={"value": [_calendar(each) for each in mine]})

    def _view(self, request: Request) -> Reply:
        """api/user-list-calendarview, paged by $skip."""
        calendar, shape = self._calendar(request), shape_of(request)
        if unknown := request.query.keys() - _VIEW:
            raise error(400, "RequestBroker--ParseUri", f"{sorted(unknown)[0]} is not supported.")
        items = calendar.view(*bounds_of(request.query))
        first = int(request.query.get("$skip") or 0)
        size = min(shape.page, calendar.page_size)
        page: dict[str, Any] = {"value": [rendered(each, shape) for each in items[first : first + size]]}
        if first + size < len(items):
            query = urlencode({**request.query, "$skip": first + size})
            page["@odata.nextLink"] = f"{self.base_url}{request.path}?{query}"
        return Reply(json=page)

    def _delta(self, request: Request) -> Reply:
        """graph/delta-query-events; no $select, $expand, $filter, $orderby or $search (api/event-delta)."""
        calendar, shape = self._calendar(request), shape_of(request)
        if refused := _NEVER_IN_DELTA & request.query.keys():
            raise error(
                400, "ErrorInvalidUrlQuery", f"{sorted(refused)[0]} is not supported with change tracking."
            )
        token = request.query.get("$skiptoken") or request.query.get("$deltatoken")
        if token:
            if request.query.keys() - {"$skiptoken", "$deltatoken"}:
                raise error(400, "ErrorInvalidUrlQuery", "A token stands alone.")
            state = unpacked(token)
        else:
            start, end = bounds_of(request.query)
            state = {"start": start.isoformat(), "end": end.isoformat(), "since": 0, "offset": 0}
        items, after, goes_on = calendar.delta(state, shape.page)
        link, name = ("@odata.nextLink", "$skiptoken") if goes_on else ("@odata.deltaLink", "$deltatoken")
        address = f"{self.base_url}{request.path}?{name}={after}"
        return Reply(json={"value": [rendered(each, shape) for each in items], link: address})

    def _find(self, request: Request) -> Reply:
        """api/singlevaluelegacyextendedproperty-get; no other filter is simulated."""
        calendar, shape = self._calendar(request), shape_of(request)
        wanted = _FILTER.fullmatch(request.query.get("$filter", ""))
        if wanted is None:
            raise error(
                400, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes."
            )
        pair = {"id": wanted[1], "value": wanted[2]}
        found = [
            each for each in calendar.events.values() if pair in each.get("singleValueExtendedProperties", ())
        ]
        for each in found:
            self.online.look(each)
        return Reply(json={"value": [rendered(each, shape) for each in found]})

    def _create(self, request: Request) -> Reply:
        """api/user-post-events; a transactionId is good for one event (resources/event), 409 when used again."""
        calendar, shape = self._calendar(request, is_writing=True), shape_of(request)
        body = check_event(_body(request), is_new=True)
        used = calendar.transactions.get(body.get("transactionId", ""))
        if used is not None:
            if self.returns_duplicates and used in calendar.events:
                return self._answered(calendar.events[used], shape, status=201)
            raise error(409, "ErrorDuplicateTransactionId", "The TransactionId has already been used.")
        event = calendar.insert(body)
        self.online.change(calendar, event, body)
        self.subscriptions.changed(calendar.id, event["id"], "created")
        return self._answered(event, shape, status=201)

    def _get(self, request: Request) -> Reply:
        """api/event-get."""
        calendar, shape = self._calendar(request), shape_of(request)
        event = calendar.get(request.match[1])
        self.online.look(event)
        return self._answered(event, shape)

    def _update(self, request: Request) -> Reply:
        """api/event-update; 412 where If-Match is another version (graph/errors).

        Stricter than Graph on purpose: a change without If-Match is refused, so that none is sent blindly.
        """
        calendar, shape = self._calendar(request, is_writing=True), shape_of(request)
        event = calendar.get(request.match[1])
        if "if-match" not in request.headers:
            raise error(400, "ErrorInvalidRequest", "This simulator wants If-Match with every change.")
        if request.headers["if-match"] != etag(event):
            raise error(
                412, "ErrorIrresolvableConflict", "The send or update operation could not be performed."
            )
        body = check_event(_body(request), is_new=False)
        event = calendar.patch(request.match[1], body)
        self.online.change(calendar, event, body)
        self.subscriptions.changed(calendar.id, event["id"], "updated")
        return self._answered(event, shape)

    def _delete(self, request: Request) -> Reply:
        """api/event-delete; 404 for what is not there."""
        calendar = self._calendar(request, is_writing=True)
        event = calendar.get(request.match[1])
        calendar.delete(event["id"])
        self.subscriptions.changed(calendar.id, event["id"], "deleted")
        return Reply(status=204)

    def _schedule(self, request: Request) -> Reply:
        """api/calendar-getschedule: what an account's own calendar shows of a range."""
        self._signed_in(request)
        body = _body(request)
        if not 5 <= body.get("availabilityViewInterval", 30) <= 1440:
            raise error(400, "ErrorInvalidParameter", "The interval is out of range.")
        start, end = moment(body["startTime"]), moment(body["endTime"])
        shape = shape_of(request)
        schedules = []
        for account in body["schedules"]:
            shown = [rendered(each, shape) for each in self.default(account).view(start, end)]
            items = [{"status": each["showAs"], "start": each["start"], "end": each["end"]} for each in shown]
            schedules.append({"scheduleId": account, "scheduleItems": items})
        return Reply(json={"value": schedules})

    def _subscribe(self, request: Request) -> Reply:
        """api/subscription-post-subscriptions, for the events of one calendar."""
        grant, body = self._signed_in(request), _body(request)
        found = _RESOURCE.fullmatch(body.get("resource", ""))
        key = unquote(found[1]) if found else ""
        if key not in self.calendars or self.calendars[key].owner != grant.account:
            raise error(400, "ExtensionError", "Operation: Create; Exception: the resource is not supported.")
        return Reply(status=201, json=self.subscriptions.open(grant.account, key, body))

    def _renew(self, request: Request) -> Reply:
        grant = self._signed_in(request)
        return Reply(json=self.subscriptions.renew(grant.account, request.match[0], _body(request)))

    def _unsubscribe(self, request: Request) -> Reply:
        self.subscriptions.close(self._signed_in(request).account, request.match[0])
        return Reply(status=204)

    def _answered(self, event: dict[str, Any], shape: Shape, *, status: int = 200) -> Reply:
        return Reply(status=status, json=rendered(event, shape))

    def _signed_in(self, request: Request) -> Grant:
        grant = self.consent.bearer(request)
        if grant is None:
            raise error(
                401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."
            )
        if _SCOPE not in grant.scopes:
            raise error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        return grant

    def _calendar(self, request: Request, *, is_writing: bool = False) -> Calendar:
        grant = self._signed_in(request)
        calendar = self.calendars.get(request.match[0])
        if calendar is None or calendar.owner != grant.account:
            raise error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        if is_writing and not calendar.can_edit:
            raise error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        return calendar


def _calendar(each: Calendar) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": each.name,
        "canEdit": each.can_edit,
        "isDefaultCalendar": each.is_default,
        "allowedOnlineMeetingProviders": list(each.online),
        "owner": {"name": each.owner.partition("@")[0], "address": each.owner},
    }


def _said(text: str, zone: str) -> dict[str, str]:
    """Return a time as JSON: with an offset it is said in UTC, without one in `zone`; a date is midnight."""
    if len(text) == 10:
        return {"dateTime": f"{text}T00:00:00", "timeZone": zone}
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        return {"dateTime": text, "timeZone": zone}
    return {"dateTime": moment({"dateTime": text}).replace(tzinfo=None).isoformat(), "timeZone": "UTC"}


def _body(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        raise error(400, "BadRequest", "Unable to read JSON request payload.") from None
