"""Opening a calendar of an account at Google or Microsoft, and finding the calendars that an account has."""

from typing import Any

from kernel.tenancy import current_schema
from providers.calendars.busy_rules import BusyRules
from providers.calendars.discovery import FoundAccount, FoundCalendar
from providers.calendars.following import FollowedCalendar
from providers.calendars.google import GoogleCalendar, google_url
from providers.calendars.graph import GraphCalendar
from providers.calendars.graph_events import error_code, graph_url
from providers.calendars.zones import known_zone, zone_named
from providers.models.calendars import Calendar
from providers.models.oauth import OAuthAccount
from providers.oauth.session import ApiSession
from providers.oauth.tokens import AccessToken, access_token
from providers.oauth.vendors import Vendor, vendor
from providers.protocols import Rejected

_MOST_PAGES = 10
_WRITERS = ("owner", "writer")


def own_suffix() -> str:
    """Return what the UIDs of this tenant's own events end with."""
    return f"@{current_schema()}.holdfast"


def open_vendor_calendar(calendar: Calendar, *, timeout_seconds: float) -> FollowedCalendar:
    """Return the client of a calendar whose connection has an account. Raises Unauthorised."""
    account = calendar.connection.account
    assert account is not None
    rules = BusyRules(zone=zone_named(calendar.time_zone), own_suffix=own_suffix())
    session = open_session(account, timeout_seconds=timeout_seconds)
    client = GraphCalendar if account.vendor == "microsoft" else GoogleCalendar
    return client(session, url=calendar.url, rules=rules)


def open_session(account: OAuthAccount, *, timeout_seconds: float) -> ApiSession:
    """Return a session of an account at its vendor's API. Raises Unauthorised."""
    return ApiSession(vendor(account.vendor), access_token(account), timeout_seconds=timeout_seconds)


def find_calendars(kind: Vendor, token: AccessToken) -> FoundAccount:
    """Return the account's calendars, its own first, and its address. Raises ProviderError."""
    found = _FINDERS[kind.kind](ApiSession(kind, token))
    if not found.calendars:
        raise Rejected(f"This {kind.name} account has no calendar.")
    return found


def _google_calendars(session: ApiSession) -> FoundAccount:
    """List calendars (reference/calendarList/list). The primary one's id is the account's mail address.

    Its owner and writers may write (reference/calendarList, "accessRole").
    """
    items: list[dict[str, object]] = []
    query = {"maxResults": "250"}
    for _ in range(_MOST_PAGES):
        page = session.json("GET", "/users/me/calendarList", params=query)
        items += [item for item in page.get("items") or () if not item.get("deleted")]
        if "nextPageToken" not in page:
            break
        query = {**query, "pageToken": str(page["nextPageToken"])}
    items.sort(key=lambda item: (not item.get("primary"), item.get("accessRole") not in _WRITERS))
    calendars = tuple(
        FoundCalendar(
            url=google_url(str(item["id"])),
            name=str(item.get("summaryOverride") or item.get("summary") or "Calendar"),
            time_zone=known_zone(str(item.get("timeZone", ""))),
            is_writable=item.get("accessRole") in _WRITERS,
        )
        for item in items
    )
    primary = next((str(item["id"]).lower() for item in items if item.get("primary")), "")
    return FoundAccount(calendars=calendars, addresses=(primary,) if primary else ())


def _graph_calendars(session: ApiSession) -> FoundAccount:
    """List calendars (api/user-list-calendars). Whose the default one is says the account's mail address.

    Those that somebody else shares are left out: Calendars.ReadWrite does not reach them (permissions-reference).
    No zone is told with a calendar (resources/calendar), so whole days are placed in the host's own.
    """
    items: list[dict[str, Any]] = []
    path = "/me/calendars"
    query: dict[str, str] | None = {"$select": "id,name,canEdit,isDefaultCalendar,owner", "$top": "100"}
    for _ in range(_MOST_PAGES):
        answer = session.request("GET", path, params=query)
        if error_code(answer) in _NO_MAILBOX:
            raise Rejected("This Microsoft account has no mailbox at Microsoft, and so no calendar there.")
        if not answer.is_success:
            raise Rejected(f"Microsoft refused to list the calendars (HTTP {answer.status_code}).")
        page = session.read(answer)
        items += page.get("value") or []
        if "@odata.nextLink" not in page:
            break
        path, query = str(page["@odata.nextLink"]), None
    mine = next((_owner(item) for item in items if item.get("isDefaultCalendar")), "")
    items = [item for item in items if _owner(item) in ("", mine)]
    items.sort(key=lambda item: (not item.get("isDefaultCalendar"), not item.get("canEdit")))
    calendars = tuple(
        FoundCalendar(
            url=graph_url(str(item["id"])),
            name=str(item.get("name") or "Calendar"),
            time_zone="",
            is_writable=bool(item.get("canEdit")),
        )
        for item in items
    )
    return FoundAccount(calendars=calendars, addresses=(mine,) if mine else ())


def _owner(item: dict[str, Any]) -> str:
    return str((item.get("owner") or {}).get("address", "")).lower()


_NO_MAILBOX = {"MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI"}
_FINDERS = {"google": _google_calendars, "microsoft": _graph_calendars}
