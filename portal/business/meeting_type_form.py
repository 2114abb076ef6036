"""The form of a meeting type: shapes are checked here field by field, rules by booking.offering."""

from collections.abc import Sequence
from typing import Any

from django import forms

from booking.api import (
    LONGEST_BUFFER_MINUTES,
    MOST_DATES,
    EventType,
    Host,
    InvalidLimits,
    Offering,
    Question,
    Resource,
    locations_of,
    schedule_names,
)
from portal.business.limits_form import LimitRow, limit_rows, read_limits
from portal.public.words import duration_words

KINDS = {
    "one_on_one": ("One-on-one", "One client with one host. With several hosts, the first free one comes."),
    "round_robin": ("Round robin", "Any one free host comes; the lowest priority number is asked first."),
    "collective": ("Collective", "All hosts come; only times at which everybody is free are shown."),
    "group": ("Group", "One session with several seats, each booked by itself."),
}
LOCATIONS = {
    "built_in_room": ("The built-in room", "Every booking gets a private room of its own, tested first."),
    "fixed_link": ("A link of yours", "The same address for every meeting, tried before each one."),
    "google_meet": (
        "Google Meet",
        "Made in the host’s Google Calendar, which has to be connected and written to.",
    ),
    "microsoft_teams": (
        "Microsoft Teams",
        "Made in the host’s Outlook calendar, which has to be connected and written to.",
    ),
    "jitsi": ("Jitsi", "On your own Jitsi server, in a room of its own; connected in Connections."),
    "zoom": ("Zoom", "In the host’s own Zoom account, or by your organisation’s; connected in Connections."),
    "in_person": ("In person", "At the address that you write here, or at one of several."),
    "phone": ("By phone", "Say who calls whom, and on which number."),
}
ONLINE = {kind: LOCATIONS[kind][0] for kind in EventType.ONLINE}
DETAIL_OF = {"fixed_link": "link", "in_person": "address", "phone": "phone"}
REMINDERS = (10080, 2880, 1440, 240, 60, 15)  # minutes before the start
NEEDS = {"all": "Always needed", "any": "One of these is needed"}
UNITS = {"minutes": 1, "hours": 60, "days": 1440}
_DATE_WORDS = "Choose a date, or leave both empty."
_LINES = 6100  # as many places as a meeting type may have: booking.offering_checks


def _number(least: int, most: int, *, unit: str, required: bool = True) -> forms.IntegerField:
    words = f"Write a whole number of {unit} from {least} to {most:,}."
    return forms.IntegerField(
        min_value=least,
        max_value=most,
        required=required,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), words),
    )


class MeetingTypeForm(forms.Form):
    """Everything but questions. `hosts` are those to choose from."""

    title = forms.CharField(max_length=120, error_messages={"required": "Give it a title that clients read."})
    slug = forms.CharField(max_length=60, required=False)
    description = forms.CharField(max_length=2000, required=False)
    kind = forms.ChoiceField(
        choices=[(kind, words[0]) for kind, words in KINDS.items()],
        error_messages={"required": "Choose a kind.", "invalid_choice": "Choose a kind."},
    )
    capacity = _number(1, 1000, unit="seats", required=False)
    duration_minutes = _number(5, 1440, unit="minutes")
    slot_interval_minutes = _number(5, 1440, unit="minutes", required=False)
    buffer_before_minutes = _number(0, LONGEST_BUFFER_MINUTES, unit="minutes", required=False)
    buffer_after_minutes = _number(0, LONGEST_BUFFER_MINUTES, unit="minutes", required=False)
    notice = _number(0, 10_000, unit="minutes, hours or days", required=False)
    notice_unit = forms.ChoiceField(choices=[(unit, unit) for unit in UNITS])
    slot_offset_minutes = _number(0, 1435, unit="minutes", required=False)
    window_days = _number(1, 730, unit="days")
    window_first_date = forms.DateField(required=False, error_messages={"invalid": _DATE_WORDS})
    window_last_date = forms.DateField(required=False, error_messages={"invalid": _DATE_WORDS})
    location_kind = forms.ChoiceField(choices=[(kind, words[0]) for kind, words in LOCATIONS.items()])
    fallback_1 = forms.ChoiceField(choices=[("", ""), *ONLINE.items()], required=False)
    fallback_2 = forms.ChoiceField(choices=[("", ""), *ONLINE.items()], required=False)
    link = forms.CharField(max_length=300, required=False)
    address = forms.CharField(max_length=_LINES, required=False)
    phone = forms.CharField(max_length=_LINES, required=False)
    active = forms.BooleanField(required=False)
    locked = forms.BooleanField(required=False)
    limits_fault = ""
    requires_approval = forms.BooleanField(required=False)
    approval_hours = _number(1, 24 * 30, unit="hours", required=False)
    series_most = _number(0, MOST_DATES, unit="dates", required=False)
    more_durations = forms.CharField(max_length=200, required=False)
    more_locations = forms.MultipleChoiceField(
        choices=[(kind, words[0]) for kind, words in LOCATIONS.items()], required=False
    )

    def __init__(
        self,
        data: Any = None,
        *,
        hosts: Sequence[Host],
        reminders: Sequence[int] = (),
        resources: Sequence[Resource] = (),
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        self._schedules = schedule_names([host.pk for host in hosts])
        self.fields["reminders"] = forms.TypedMultipleChoiceField(
            choices=[
                (str(minutes), f"{duration_words(minutes)} before")
                for minutes in sorted({*REMINDERS, *reminders}, reverse=True)
            ],
            coerce=int,
            error_messages={"invalid_choice": "Choose from the list."},
            required=False,
        )
        self.fields["hosts"] = forms.MultipleChoiceField(
            choices=[(str(host.pk), host.name) for host in hosts],
            required=False,
            error_messages={"invalid_choice": "One of these hosts is not there any more. Choose again."},
        )
        for host in hosts:
            self.fields[f"priority_{host.pk}"] = _number(
                0, 999, unit="its place in the order", required=False
            )
            self.fields[f"weight_{host.pk}"] = _number(1, 999, unit="its weight", required=False)
            self.fields[f"schedule_{host.pk}"] = forms.TypedChoiceField(
                choices=[("", "Default schedule"), *self.schedules_of(host)],
                coerce=int,
                empty_value=None,
                required=False,
                error_messages={"invalid_choice": "This schedule is not there any more. Choose again."},
            )
        for resource in resources:
            self.fields[f"resource_{resource.pk}"] = forms.ChoiceField(
                choices=[("", ""), *NEEDS.items()], required=False
            )
        self._all_hosts, self._all_resources = hosts, resources

    def schedules_of(self, host: Host) -> list[tuple[str, str]]:
        """Return a host's schedules beside the default one, to choose from."""
        return [(str(pk), name) for pk, name in self._schedules.get(host.pk, ())]

    def limit_rows(self) -> list[LimitRow]:
        """Return the limits as typed, else as stored."""
        return limit_rows(self.initial.get("limits", []), self.data if self.is_bound else None)

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen kind and place need."""
        values = super().clean() or self.cleaned_data
        if values.get("kind") == "group" and not values.get("capacity") and "capacity" not in self.errors:
            self.add_error("capacity", "Say how many seats a session has.")
        if values.get("location_kind") == "in_person" and not values.get("address"):
            self.add_error("address", "Say where: the client reads it in the confirmation.")
        if values.get("location_kind") == "phone" and not values.get("phone"):
            self.add_error("phone", "Say who calls whom: “We call you”, or the number to call.")
        also = [*(values.get("more_locations") or []), values.get("fallback_1"), values.get("fallback_2")]
        for kind, field in DETAIL_OF.items():
            if kind in also and not values.get(field) and field not in self.errors:
                self.add_error(field, "This place is offered too: write it here.")
        minutes = (values.get("notice") or 0) * UNITS[values.get("notice_unit", "minutes")]
        if minutes > 365 * 1440:
            self.add_error("notice", "The minimum notice is at most 365 days.")
        dates = {"window_first_date", "window_last_date"}
        if not dates & self.errors.keys() and len([1 for name in dates if values.get(name)]) == 1:
            self.add_error(
                "window_last_date", "A fixed window has both dates. Write them, or leave both empty."
            )
        try:
            values["limits"] = read_limits(self.data)
        except InvalidLimits as fault:
            self.add_error(None, fault.message)
            self.limits_fault = fault.message
        return values

    def clean_more_durations(self) -> tuple[int, ...]:
        """Return the other lengths in minutes, written as "15, 60"."""
        words = self.cleaned_data["more_durations"].replace(",", " ").split()
        if not all(word.isascii() and word.isdigit() and len(word) < 5 for word in words):
            raise forms.ValidationError("Write whole minutes with commas between them, for example 15, 60.")
        return tuple(sorted({int(word) for word in words}))

    def resource_rows(self) -> list[tuple[Resource, forms.BoundField]]:
        """Return each room and piece of equipment with its field."""
        return [(resource, self[f"resource_{resource.pk}"]) for resource in self._all_resources]

    def location_rows(self) -> list[tuple[str, str, bool]]:
        """Return each kind of place with its words, and whether it is offered beside the first one."""
        ticked = {str(value) for value in (self["more_locations"].value() or ())}
        return [(kind, words[0], kind in ticked) for kind, words in LOCATIONS.items()]

    def host_rows(
        self,
    ) -> list[tuple[Host, bool, forms.BoundField, forms.BoundField, forms.BoundField | None]]:
        """Return each host with whether it is ticked, and the fields of its priority, weight and schedule; the last
        is None where there is but one."""
        ticked = {str(value) for value in (self["hosts"].value() or ())}
        return [
            (
                host,
                str(host.pk) in ticked,
                self[f"priority_{host.pk}"],
                self[f"weight_{host.pk}"],
                self[f"schedule_{host.pk}"] if self.schedules_of(host) else None,
            )
            for host in self._all_hosts
        ]

    def reminder_rows(self) -> list[tuple[str, str, bool]]:
        """Return each reminder's value and words, and whether it is ticked."""
        ticked = {str(value) for value in (self["reminders"].value() or ())}
        field = self.fields["reminders"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        return [(str(value), str(words), str(value) in ticked) for value, words in field.choices]  # type: ignore[misc, union-attr]  # pairs, not groups

    def offering(self, questions: tuple[Question, ...]) -> Offering:
        """Return the wish; only of a valid form."""
        values = self.cleaned_data
        (location_kind, location_detail), *more_locations = self._places()
        return Offering(
            title=values["title"].strip(),
            slug=values["slug"].strip().lower(),
            description=values["description"].strip(),
            kind=values["kind"],
            capacity=values["capacity"] if values["kind"] == "group" else 1,
            duration_minutes=values["duration_minutes"],
            slot_interval_minutes=values["slot_interval_minutes"] or values["duration_minutes"],
            buffer_before_minutes=values["buffer_before_minutes"] or 0,
            buffer_after_minutes=values["buffer_after_minutes"] or 0,
            minimum_notice_minutes=(values["notice"] or 0) * UNITS[values["notice_unit"]],
            window_days=values["window_days"],
            location_kind=location_kind,
            location_detail=location_detail,
            questions=questions,
            hosts=tuple((int(host), values.get(f"priority_{host}") or 0) for host in values["hosts"]),
            active=values["active"],
            locked=values["locked"],
            reminder_minutes=tuple(values["reminders"]),
            requires_approval=values["requires_approval"],
            approval_minutes=(values["approval_hours"] or 24) * 60,
            weights=tuple((int(host), values.get(f"weight_{host}") or 1) for host in values["hosts"]),
            resources=tuple(
                (resource.pk, values[f"resource_{resource.pk}"])
                for resource in self._all_resources
                if values.get(f"resource_{resource.pk}")
            ),
            more_durations=values["more_durations"],
            more_locations=tuple(more_locations),
            fallback_locations=tuple(
                (kind, values["link"].strip() if kind == "fixed_link" else "")
                for kind in (values["fallback_1"], values["fallback_2"])
                if kind
            ),
            series_most=values["series_most"] or 0,
            slot_offset_minutes=values["slot_offset_minutes"] or 0,
            window_dates=(values["window_first_date"], values["window_last_date"])
            if values["window_first_date"]
            else None,
            limits=values["limits"],
            schedules=tuple(
                (int(host), chosen) for host in values["hosts"] if (chosen := values.get(f"schedule_{host}"))
            ),
        )

    def _places(self) -> list[tuple[str, str]]:
        """Return the places as (kind, detail), the first kind's before the others'; each line written is one."""
        values = self.cleaned_data
        kinds = dict.fromkeys([values["location_kind"], *values["more_locations"]])
        return [
            (kind, detail)
            for kind in kinds
            for detail in _lines(values[DETAIL_OF[kind]] if kind in DETAIL_OF else "")
        ]


def _lines(text: str) -> tuple[str, ...]:
    """Return what is written line by line, without empty lines; one empty one where nothing is."""
    return tuple(line for each in text.splitlines() if (line := each.strip())) or ("",)


def initial_values(event_type: EventType) -> dict[str, Any]:
    """Return a stored meeting type as the form shows it."""
    names = (
        "title", "slug", "description", "kind", "capacity", "duration_minutes", "slot_interval_minutes",
        "buffer_before_minutes", "buffer_after_minutes", "window_days", "location_kind", "active",
        "requires_approval", "series_most", "slot_offset_minutes", "window_first_date", "window_last_date", "limits",
        "locked",
    )  # fmt: skip
    notice = event_type.minimum_notice_minutes
    unit = next(
        unit
        for unit, minutes in reversed(UNITS.items())
        if notice % minutes == 0 and (notice or minutes == 60)
    )
    values: dict[str, Any] = {name: getattr(event_type, name) for name in names}
    values |= {"notice": notice // UNITS[unit], "notice_unit": unit}
    values["approval_hours"] = max(1, event_type.approval_minutes // 60)
    values["more_durations"] = ", ".join(map(str, event_type.more_durations))
    places = locations_of(event_type).values()
    kinds = dict.fromkeys(kind for kind, _ in places)
    values["more_locations"] = [kind for kind in kinds if kind != event_type.location_kind]
    for kind in kinds.keys() & DETAIL_OF.keys():
        values[DETAIL_OF[kind]] = "\n".join(detail for each, detail in places if each == kind)
    for number, each in enumerate(event_type.fallback_locations, start=1):
        values[f"fallback_{number}"] = each["kind"]
        if each["kind"] in DETAIL_OF:
            values[DETAIL_OF[each["kind"]]] = each["detail"]
    values |= {f"resource_{row.resource_id}": row.need for row in event_type.event_type_resources.all()}
    rows = list(event_type.event_type_hosts.all())
    values |= {f"weight_{row.host_id}": row.weight for row in rows}
    values |= {f"schedule_{row.host_id}": row.schedule_id for row in rows if row.schedule_id}
    for period, unit, most in event_type.limits:
        values[f"limit_{period}_{unit}"] = str(most)
    values["hosts"] = [str(row.host_id) for row in rows]
    values["reminders"] = [str(minutes) for minutes in event_type.reminder_minutes]
    return values | {f"priority_{row.host_id}": row.priority for row in rows}


def fresh_values(hosts: Sequence[Host]) -> dict[str, Any]:
    """Return what a new meeting type starts with: half an hour online with the only host there is."""
    return {
        "kind": "one_on_one", "duration_minutes": 30, "capacity": 10, "notice": 4, "notice_unit": "hours",
        "window_days": 60, "location_kind": "built_in_room", "active": True, "buffer_before_minutes": 0,
        "buffer_after_minutes": 0, "hosts": [str(hosts[0].pk)] if len(hosts) == 1 else [],
        "approval_hours": 24, "series_most": 0, **{f"weight_{host.pk}": 1 for host in hosts},
        "reminders": ["1440", "60"], **{f"priority_{host.pk}": 0 for host in hosts},
    }  # fmt: skip
