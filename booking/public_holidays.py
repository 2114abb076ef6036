"""Public holidays by country and region, from the `holidays` library: which dates, under which names.

What is shown is the library's English name where it has one. A year's dates are worked out once per process.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

import holidays
from holidays.registry import COUNTRIES

from kernel.errors import HoldfastError

NO_HOLIDAYS: Final = "none"


class Place(NamedTuple):
    """A country by its two letters (ISO 3166-1), and a part of it, or "" for what is kept everywhere in it."""

    country: str
    region: str = ""


class UnknownPlace(HoldfastError):
    """There is no such country or region, or nobody knows its holidays."""

    code = "invalid_request"


@cache
def countries() -> Mapping[str, str]:
    """Return the countries whose holidays are known: two letters and name, by name."""
    named = {
        codes[1]: key.replace("_", " ").title() for key, codes in COUNTRIES.items() if len(codes[1]) == 2
    }
    return MappingProxyType(dict(sorted(named.items(), key=lambda each: each[1])))


@cache
def regions(country: str) -> Mapping[str, str]:
    """Return the parts of a country that keep days of their own: code and name, by name. Raises UnknownPlace."""
    check_place(Place(country))
    found = _class_of(country)
    names = {code: name for name, code in getattr(found, "subdivisions_aliases", {}).items()}
    named = {code: names.get(code, code) for code in found.subdivisions}
    return MappingProxyType(dict(sorted(named.items(), key=lambda each: each[1])))


def check_place(place: Place) -> None:
    """Raise UnknownPlace unless the holidays of this place are known."""
    if place.country not in countries():
        raise UnknownPlace("Choose a country from the list.")
    if place.region and place.region not in _class_of(place.country).subdivisions:
        raise UnknownPlace("Choose a region of this country from the list.")


def place_words(place: Place) -> str:
    """Return "Portugal" or "Germany, Bayern"."""
    country = countries().get(place.country, place.country)
    return f"{country}, {regions(place.country).get(place.region, place.region)}" if place.region else country


def holidays_between(place: Place, first: date, last: date) -> dict[date, str]:
    """Return the holidays from `first` to `last`, both included, with their names; nothing is asked twice."""
    return {
        day: name
        for year in range(first.year, last.year + 1)
        for day, name in _holidays_in(place, year).items()
        if first <= day <= last
    }


@lru_cache(maxsize=4096)
def _holidays_in(place: Place, year: int) -> Mapping[date, str]:
    """Return a year's holidays; a place that the library has dropped keeps none."""
    try:
        check_place(place)
    except UnknownPlace:
        return MappingProxyType({})
    languages = _class_of(place.country).supported_languages
    found = holidays.country_holidays(
        place.country,
        subdiv=place.region or None,
        years=[year],
        language="en_US" if "en_US" in languages else None,
        expand=False,
    )
    return MappingProxyType(dict(sorted(found.items())))


def _class_of(country: str) -> type[holidays.HolidayBase]:
    found: type[holidays.HolidayBase] = getattr(holidays, country)
    return found
