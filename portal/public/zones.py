"""Time zones as the client pages offer and name them. Pure but for the system's zone table."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

_SELECTED = mark_safe(" selected")
_REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@dataclass(frozen=True, kw_only=True)
class ZoneChoice:
    """One line of the list: `name` is IANA's, `label` is for people."""

    name: str
    label: str


@dataclass(frozen=True, kw_only=True)
class ZoneGroup:
    """The zones of one region, sorted by label."""

    region: str
    zones: tuple[ZoneChoice, ...]


def is_zone(name: str) -> bool:
    """Say whether `name` is a zone that this machine's table knows (any IANA name, old ones included)."""
    return name in _known()


def zone_groups(now: datetime) -> tuple[ZoneGroup, ...]:
    """Return all current zones by region, each with its offset of now; computed once an hour."""
    return _groups_at(now.replace(minute=0, second=0, microsecond=0))


def zone_options(now: datetime, *, chosen: str) -> SafeString:
    """Return the options of a <select> of all zones, one of them selected; put together once an hour for each."""
    return _options_at(now.replace(minute=0, second=0, microsecond=0), chosen)


def zone_words(name: str, at: datetime) -> str:
    """Return "Lisbon time (UTC+1)", by the offset that holds at that instant."""
    if name in ("UTC", "Etc/UTC"):
        return "UTC"
    return f"{city(name)} time ({offset_words(name, at)})"


def offset_words(name: str, at: datetime) -> str:
    """Return "UTC", "UTC+1", "UTC−3:30"."""
    minutes = int(offset(name, at).total_seconds() // 60)
    if not minutes:
        return "UTC"
    sign = "+" if minutes > 0 else "\u2212"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")


def apart_words(mine: str, theirs: str, at: datetime) -> str:
    """Return how far `theirs` is from `mine`: "5 hours ahead", "30 minutes behind", "the same time"."""
    minutes = int((offset(theirs, at) - offset(mine, at)).total_seconds() // 60)
    if not minutes:
        return "the same time"
    hours, rest = divmod(abs(minutes), 60)
    said = [f"{hours} hour{'s' if hours > 1 else ''}"] if hours else []
    said += [f"{rest} minutes"] if rest else []
    return f"{' '.join(said)} {'ahead' if minutes > 0 else 'behind'}"


def offset(name: str, at: datetime) -> timedelta:
    """Return the zone's offset from UTC at that instant."""
    return at.astimezone(ZoneInfo(name)).utcoffset() or timedelta()


def city(name: str) -> str:
    """Return the place in a zone's name: "Lisbon" of Europe/Lisbon."""
    return name.rsplit("/", 1)[-1].replace("_", " ")


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=256)
def _options_at(hour: datetime, chosen: str) -> SafeString:
    return format_html_join(
        "",
        '<optgroup label="{}">{}</optgroup>',
        (
            (group.region, format_html_join("", '<option value="{}"{}>{}</option>', (
                (zone.name, _SELECTED if zone.name == chosen else "", zone.label) for zone in group.zones
            )))
            for group in _groups_at(hour)
        ),
    )  # fmt: skip


@lru_cache(maxsize=4)
def _groups_at(hour: datetime) -> tuple[ZoneGroup, ...]:
    groups = []
    for region in _REGIONS:
        names = sorted((name for name in _known() if name.startswith(f"{region}/")), key=city)
        zones = tuple(
            ZoneChoice(name=name, label=f"{city(name)} ({offset_words(name, hour)})") for name in names
        )
        groups.append(ZoneGroup(region=region, zones=zones))
    return (*groups, ZoneGroup(region="Universal", zones=(ZoneChoice(name="UTC", label="UTC"),)))
