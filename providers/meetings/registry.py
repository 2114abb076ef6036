"""Which provider makes the meeting of a location kind."""

from kernel.errors import HoldfastError
from providers.meetings.fixed_link import FixedLink
from providers.meetings.google_meet import GoogleMeet
from providers.meetings.jitsi import JitsiMeet
from providers.meetings.no_link import NoLink
from providers.meetings.room import BuiltInRoom
from providers.meetings.teams import MicrosoftTeams
from providers.meetings.zoom import Zoom
from providers.protocols import MeetingProvider


class UnknownLocationKind(HoldfastError):
    """No provider is registered for this location kind."""


_PROVIDERS: dict[str, MeetingProvider] = {
    "built_in_room": BuiltInRoom(),
    "fixed_link": FixedLink(),
    "google_meet": GoogleMeet(),
    "in_person": NoLink("in_person"),
    "jitsi": JitsiMeet(),
    "microsoft_teams": MicrosoftTeams(),
    "phone": NoLink("phone"),
    "zoom": Zoom(),
}


def meeting_provider(kind: str) -> MeetingProvider:
    """Return the provider of a location kind; raises UnknownLocationKind."""
    try:
        return _PROVIDERS[kind]
    except KeyError:
        raise UnknownLocationKind(f"There is no way to meet called {kind!r}.") from None
