"""Whose public holidays close a host's days: the business's, a country of the host's own, or none; chosen and read.

A holiday closes the hours that open on its date, as a date override without hours does; an override that the host
set for that date wins, so a day can be opened again. The reason code is `date_override`, shown by the holiday's name.
"""

from dataclasses import replace
from datetime import timedelta

from django.db import transaction

from audit.api import Actor, Json, record
from booking.core.hours import HostHours, local_date
from booking.models import BusinessHolidays, Host
from booking.public_holidays import NO_HOLIDAYS, Place, check_place, holidays_between

AROUND = timedelta(days=3)  # whose holidays may close hours that meet a range of seconds


def business_holidays() -> Place | None:
    """Return the place whose holidays the business keeps, None for none; one query."""
    row = BusinessHolidays.objects.first()
    return Place(row.country, row.region) if row and row.country else None


def holidays_of(country: str, region: str, *, business: Place | None) -> Place | None:
    """Return the place that a host's choice comes to: "" follows the business, "none" keeps none."""
    if country == NO_HOLIDAYS:
        return None
    return Place(country, region) if country else business


def closed_on_holidays(
    hours: HostHours, host: Host, *, business: Place | None, between: tuple[int, int]
) -> HostHours:
    """Return a host's hours with the holidays around `between` (seconds) closed, where no override says otherwise."""
    place = holidays_of(host.holiday_country, host.holiday_region, business=business)
    if place is None:
        return hours
    first, last = (local_date(second, zone=hours.zone) for second in between)
    closed = holidays_between(place, first - AROUND, last + AROUND)
    return replace(hours, overrides={**dict.fromkeys(closed, ()), **hours.overrides}) if closed else hours


def set_business_holidays(place: Place | None, *, actor: Actor) -> bool:
    """Choose whose holidays the business keeps; False when nothing changes. Raises UnknownPlace."""
    if place:
        check_place(place)
    with transaction.atomic():
        row, _ = BusinessHolidays.objects.select_for_update().get_or_create(pk=1)
        before: list[Json] = [row.country, row.region]
        row.country, row.region = place or ("", "")
        if before == [row.country, row.region]:
            return False
        row.save()
        payload: dict[str, Json] = {"before": before, "after": [row.country, row.region]}
        record("set_business_holidays", subject="business", actor=actor, payload=payload)
    return True


def set_host_holidays(host: Host, country: str, region: str, *, actor: Actor) -> bool:
    """Choose a host's holidays: "" those of the business, "none", or a country's. Raises UnknownPlace."""
    if country in ("", NO_HOLIDAYS):
        region = ""
    else:
        check_place(Place(country, region))
    with transaction.atomic():
        found = Host.objects.select_for_update().get(pk=host.pk)
        before: list[Json] = [found.holiday_country, found.holiday_region]
        if before == [country, region]:
            return False
        Host.objects.filter(pk=host.pk).update(holiday_country=country, holiday_region=region)
        payload: dict[str, Json] = {"before": before, "after": [country, region]}
        record("set_host_holidays", subject=f"host:{host.pk}", actor=actor, payload=payload)
    return True
