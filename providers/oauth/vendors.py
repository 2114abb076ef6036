"""Google and Microsoft: where they are asked, and for what. Addresses are ours, never a tenant's; or a simulator's."""

from dataclasses import dataclass

from django.conf import settings

from kernel.errors import HoldfastError


class UnknownVendor(HoldfastError):
    """No account of this kind can be connected."""

    code = "not_found"


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """One vendor. In `authorize_url` and `token_url` "{directory}" stands for Microsoft's tenant.

    `scopes` are asked for; all of `needs` must be granted. `revoke_url` is "" where there is none; then people
    end the permission at one of `permissions_urls`: of which accounts, and where. `lets_in_alone`: the token endpoint
    signs a client in without anybody's consent, so its secret can be tried.
    """

    kind: str
    name: str
    calendar_name: str
    home_url: str
    authorize_url: str
    token_url: str
    revoke_url: str
    api_url: str
    permissions_urls: tuple[tuple[str, str], ...]
    scopes: tuple[str, ...]
    needs: frozenset[str]
    asks: tuple[str, ...]
    reads: str
    extra: tuple[tuple[str, str], ...] = ()
    is_simulated: bool = False
    lets_in_alone: bool = False
    signs_in_by_header: bool = False  # the client's secret goes as HTTP Basic (RFC 6749, 2.3.1)
    rotates: bool = False  # a refresh token is good once


_GOOGLE_CALENDAR = "https://www.googleapis.com/auth/calendar"
_GOOGLE_SCOPES = (f"{_GOOGLE_CALENDAR}.events", f"{_GOOGLE_CALENDAR}.calendarlist.readonly")
_GRAPH_SCOPE = "https://graph.microsoft.com/Calendars.ReadWrite"
KINDS = ("google", "microsoft")
"""Those that people are offered."""


def vendor(kind: str) -> Vendor:
    """Return a vendor by its kind; raises UnknownVendor."""
    if kind == "google":
        return _google(settings.HOLDFAST_GOOGLE_SIMULATOR.rstrip("/"))
    if kind == "zoom":
        return _zoom(settings.HOLDFAST_ZOOM_SIMULATOR.rstrip("/"))
    if kind == "microsoft":
        return _microsoft(settings.HOLDFAST_MICROSOFT_SIMULATOR.rstrip("/"))
    raise UnknownVendor("Accounts of this kind cannot be connected.")


def _google(simulator: str) -> Vendor:
    """Google's addresses and parameters: developers.google.com/identity/protocols/oauth2/web-server.

    `access_type=offline` and `prompt=consent` bring a refresh token each time. Scopes, the narrowest that read and
    write events and list calendars: developers.google.com/workspace/calendar/api/auth.
    """
    return Vendor(
        kind="google",
        name="Google",
        calendar_name="Google Calendar",
        home_url="https://calendar.google.com/",
        authorize_url=f"{simulator or 'https://accounts.google.com'}/o/oauth2/v2/auth",
        token_url=f"{simulator or 'https://oauth2.googleapis.com'}/token",
        revoke_url=f"{simulator or 'https://oauth2.googleapis.com'}/revoke",
        api_url=f"{simulator or 'https://www.googleapis.com'}/calendar/v3",
        permissions_urls=(("every account", "https://myaccount.google.com/connections"),),
        scopes=_GOOGLE_SCOPES,
        needs=frozenset(_GOOGLE_SCOPES),
        asks=("see the list of your calendars", "read, write and delete events in them"),
        reads="Of events only the times are read, whether they block them, and which are ours. No titles, no guests.",
        extra=(("access_type", "offline"), ("prompt", "consent")),
        is_simulated=bool(simulator),
    )


def _microsoft(simulator: str) -> Vendor:
    """Microsoft's: learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow.

    `offline_access` brings a refresh token; Calendars.ReadWrite is the narrowest that writes events
    (learn.microsoft.com/graph/permissions-reference). Scopes come back without the resource's address, and
    offline_access does not come back. There is no endpoint that revokes one app's tokens: an organisation's people
    end it in My Apps, others with their account's permissions.
    """
    root = f"{simulator or 'https://login.microsoftonline.com'}/{{directory}}/oauth2/v2.0"
    return Vendor(
        kind="microsoft",
        name="Microsoft",
        calendar_name="Outlook calendar",
        home_url="https://outlook.office.com/calendar/",
        authorize_url=f"{root}/authorize",
        token_url=f"{root}/token",
        revoke_url="",
        api_url=f"{simulator or 'https://graph.microsoft.com'}/v1.0",
        permissions_urls=(
            ("an account of an organisation", "https://myapps.microsoft.com"),
            ("a personal account", "https://account.live.com/consent/Manage"),
        ),
        scopes=("offline_access", _GRAPH_SCOPE),
        needs=frozenset({"Calendars.ReadWrite"}),
        asks=("read, write and delete events in your calendars", "go on doing so while you are away"),
        reads="Of events only the times are kept, whether they block them, and which are ours. With what changed"
        " Microsoft sends titles too: nobody reads them, and they are not kept.",
        extra=(("response_mode", "query"), ("prompt", "select_account")),
        is_simulated=bool(simulator),
        lets_in_alone=True,
    )


def _zoom(simulator: str) -> Vendor:
    """Zoom's: developers.zoom.us/docs/integrations/oauth. Its accounts make meetings; they have no calendar.

    The client signs in by header; each renewal brings a refresh token that replaces the last. Granular scopes of
    the five calls that are made, and of the account's own address:
    developers.zoom.us/docs/integrations/oauth-scopes-granular.
    """
    scopes = (
        "user:read:user",
        "meeting:write:meeting",
        "meeting:read:meeting",
        "meeting:read:list_meetings",
        "meeting:update:meeting",
        "meeting:delete:meeting",
    )
    return Vendor(
        kind="zoom",
        name="Zoom",
        calendar_name="Zoom",
        home_url="https://zoom.us/meeting",
        authorize_url=f"{simulator or 'https://zoom.us'}/oauth/authorize",
        token_url=f"{simulator or 'https://zoom.us'}/oauth/token",
        revoke_url=f"{simulator or 'https://zoom.us'}/oauth/revoke",
        api_url=f"{simulator or 'https://api.zoom.us'}/v2",
        permissions_urls=(("the account", "https://marketplace.zoom.us/user/installed"),),
        scopes=scopes,
        needs=frozenset(scopes),
        asks=("see who you are", "make, read, move and delete the meetings that are booked here"),
        reads="Of your other meetings only the marks are looked through that say which are ours.",
        is_simulated=bool(simulator),
        signs_in_by_header=True,
        rotates=True,
    )
