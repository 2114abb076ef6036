"""A country and its region as one list to choose from, with the holidays that come next. Pure, but for the library."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from booking.api import NO_HOLIDAYS, Place, UnknownPlace, countries, holidays_between, holidays_of, regions


@dataclass(frozen=True, slots=True)
class PlaceChoices:
    """What is chosen, what there is, and which days it closes in the year to come."""

    country: str
    region: str
    countries: Mapping[str, str]
    regions: Mapping[str, str]
    coming: tuple[tuple[date, str], ...]


def place_choices(country: str, region: str, *, today: date, business: Place | None = None) -> PlaceChoices:
    """Return the lists for a stored choice; `business` is what an empty one follows."""
    place = holidays_of(country, region, business=business)
    found = holidays_between(place, today, today + timedelta(days=365)) if place else {}
    try:
        parts = regions(country) if country and country != NO_HOLIDAYS else {}
    except UnknownPlace:
        parts = {}
    return PlaceChoices(country, region, countries(), parts, tuple(sorted(found.items())))


def read_place(data: Mapping[str, Any]) -> tuple[str, str]:
    """Return the chosen country and region; a region of another country than the chosen one is none."""
    country, region = str(data.get("country", ""))[:4], str(data.get("region", ""))[:12]
    try:
        known = regions(country) if country and country != NO_HOLIDAYS else {}
    except UnknownPlace:
        known = {}
    return country, region if region in known else ""
