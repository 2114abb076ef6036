"""What Health says about rooms: is there a relay, how many people are inside. Counts only, no names."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from providers.meetings.room_people import AWAY_AFTER
from providers.meetings.room_relay import turn_is_set
from providers.models import Room, RoomParticipant


@dataclass(frozen=True)
class RoomFacts:
    """The current tenant's rooms at an instant."""

    turn_is_set: bool
    stun_is_set: bool
    relay_only: bool
    open_rooms: int
    people_inside: int

    @property
    def words(self) -> str:
        """Say the consequence for clients, or that there is none."""
        if self.turn_is_set:
            return "Calls can go through the relay where networks do not connect directly."
        if self.relay_only:
            return "Calls may only go through a relay, and none is set: nobody hears or sees anybody."
        return (
            "No TURN server is set: people behind strict firewalls or on some mobile networks "
            "cannot hear or see the others."
        )


def room_facts(*, now: datetime) -> RoomFacts:
    """Return the facts. Two queries."""
    live = Room.objects.filter(cancelled_at=None, opens_at__lte=now, closes_at__gt=now)
    inside = RoomParticipant.objects.filter(state="admitted", seen_at__gt=now - AWAY_AFTER)
    return RoomFacts(
        turn_is_set=turn_is_set(),
        stun_is_set=bool(settings.HOLDFAST_STUN_URLS),
        relay_only=bool(settings.HOLDFAST_ROOM_RELAY_ONLY),
        open_rooms=live.count(),
        people_inside=inside.count(),
    )
