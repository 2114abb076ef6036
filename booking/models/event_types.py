"""What a business offers (the page says "meeting type")."""

from datetime import date, timedelta

from django.db import models
from django.db.models import F, Q

from booking.core.policy import fixed_window
from booking.core.reminders import usual_reminders
from booking.models.hosts import Host, Resource, Schedule


class EventType(models.Model):
    """A bookable offer: how long, where, by whom, under which rules. Durations in minutes."""

    class Kind(models.TextChoices):
        ONE_ON_ONE = "one_on_one"
        GROUP = "group"  # one session, `capacity` seats
        ROUND_ROBIN = "round_robin"  # any one free host
        COLLECTIVE = "collective"  # all hosts

    class Location(models.TextChoices):
        BUILT_IN_ROOM = "built_in_room"
        FIXED_LINK = "fixed_link"
        GOOGLE_MEET = "google_meet"
        JITSI = "jitsi"
        MICROSOFT_TEAMS = "microsoft_teams"
        ZOOM = "zoom"
        IN_PERSON = "in_person"
        PHONE = "phone"

    ONLINE = (
        Location.BUILT_IN_ROOM,
        Location.FIXED_LINK,
        Location.GOOGLE_MEET,
        Location.JITSI,
        Location.MICROSOFT_TEAMS,
        Location.ZOOM,
    )

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True, default="")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.ONE_ON_ONE)
    duration_minutes = models.PositiveIntegerField()
    more_durations = models.JSONField(
        default=list, blank=True, help_text="other lengths to choose from, in minutes, ascending"
    )
    slot_interval_minutes = models.PositiveIntegerField()
    slot_offset_minutes = models.PositiveIntegerField(
        default=0, help_text="the first start of each stretch of hours comes so much later"
    )
    buffer_before_minutes = models.PositiveIntegerField(default=0)
    buffer_after_minutes = models.PositiveIntegerField(default=0)
    minimum_notice_minutes = models.PositiveIntegerField(default=60)
    window_days = models.PositiveIntegerField(default=60)
    window_first_date = models.DateField(null=True, blank=True, help_text="a fixed window, in place of days")
    window_last_date = models.DateField(null=True, blank=True)
    limits = models.JSONField(default=list, blank=True, help_text="period, unit, most: booking.core.limits")
    capacity = models.PositiveIntegerField(default=1)
    location_kind = models.CharField(max_length=16, choices=Location.choices, default=Location.BUILT_IN_ROOM)
    location_detail = models.CharField(max_length=300, blank=True, default="")
    more_locations = models.JSONField(
        default=list, blank=True, help_text="other places to choose from: kind and detail of each"
    )
    fallback_locations = models.JSONField(
        default=list, blank=True, help_text="where, if no link can be made there: kind and detail, best first"
    )
    questions = models.JSONField(
        default=list, blank=True, help_text="label, kind, required, choices of each: booking.questions"
    )
    requires_approval = models.BooleanField(default=False)
    approval_minutes = models.PositiveIntegerField(
        default=1440, help_text="how long a host has to approve; never beyond the start"
    )
    series_most = models.PositiveSmallIntegerField(
        default=0, help_text="how many dates may be booked at once; 0: one at a time"
    )
    locked = models.BooleanField(default=False, help_text="by the business: its hosts may not change it")
    reminder_minutes = models.JSONField(
        default=usual_reminders, help_text="minutes before the start; [] for none"
    )
    active = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)
    hosts = models.ManyToManyField(Host, through="EventTypeHost", related_name="event_types")
    resources = models.ManyToManyField(Resource, through="EventTypeResource", related_name="event_types")

    class Meta:
        ordering = ("position", "id")
        constraints = [
            models.CheckConstraint(
                name="booking_eventtype_duration",
                condition=Q(duration_minutes__gte=5, duration_minutes__lte=1440),
            ),
            models.CheckConstraint(
                name="booking_eventtype_interval", condition=Q(slot_interval_minutes__gte=5)
            ),
            models.CheckConstraint(
                name="booking_eventtype_offset",
                condition=Q(slot_offset_minutes__lt=F("slot_interval_minutes")),
            ),
            models.CheckConstraint(
                name="booking_eventtype_window",
                condition=Q(window_first_date=None, window_last_date=None)
                | Q(window_first_date__isnull=False, window_last_date__gte=F("window_first_date"))
                & Q(window_last_date__isnull=False),
            ),
            models.CheckConstraint(
                name="booking_eventtype_seats", condition=Q(capacity=1) | Q(kind="group", capacity__gte=1)
            ),
            models.CheckConstraint(name="booking_eventtype_approval", condition=Q(approval_minutes__gte=5)),
            models.CheckConstraint(
                name="booking_eventtype_series", condition=Q(series_most=0) | ~Q(kind="group")
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def bookable_dates(self, today: date) -> tuple[date, date]:
        """Return the first and the last date of the booking window, fixed or as it is on `today`."""
        if self.window_first_date and self.window_last_date:
            first, last = fixed_window(self.window_first_date, self.window_last_date)
            return max(today, first), last
        return today, today + timedelta(days=self.window_days)

    @property
    def is_online(self) -> bool:
        """Say whether a meeting of this type needs a link that was proven."""
        return self.location_kind in self.ONLINE


class EventTypeHost(models.Model):
    """A host of an event type; the lowest priority number is asked first, among equals by weight."""

    event_type = models.ForeignKey(EventType, on_delete=models.CASCADE, related_name="event_type_hosts")
    host = models.ForeignKey(Host, on_delete=models.CASCADE)
    priority = models.PositiveSmallIntegerField(default=0)
    weight = models.PositiveSmallIntegerField(default=1, help_text="its share among hosts of one priority")
    schedule = models.ForeignKey(
        Schedule,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
        help_text="else the default",
    )

    class Meta:
        ordering = ("priority", "host_id")
        constraints = [
            models.UniqueConstraint(name="booking_eventtypehost_once", fields=["event_type", "host"]),
            models.CheckConstraint(name="booking_eventtypehost_weight", condition=Q(weight__gte=1)),
        ]


class EventTypeResource(models.Model):
    """A room or a piece of equipment that a meeting of this type needs: each of "all", and one of "any"."""

    class Need(models.TextChoices):
        ALL = "all"
        ANY = "any"

    event_type = models.ForeignKey(EventType, on_delete=models.CASCADE, related_name="event_type_resources")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT)
    need = models.CharField(max_length=3, choices=Need.choices)

    class Meta:
        ordering = ("resource_id",)
        constraints = [
            models.UniqueConstraint(name="booking_eventtyperesource_once", fields=["event_type", "resource"])
        ]
