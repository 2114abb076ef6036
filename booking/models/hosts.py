"""Who and what can be blocked, and when a host is open."""

from django.db import models
from django.db.models import F, Q


class Resource(models.Model):
    """A host, a room or a piece of equipment: whatever the guard can block. One id space."""

    class Kind(models.TextChoices):
        HOST = "host"
        ROOM = "room"
        EQUIPMENT = "equipment"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=120)
    active = models.BooleanField(default=True, help_text="of rooms and equipment; a host has its own")

    def __str__(self) -> str:
        return self.name


class Host(models.Model):
    """A team member whose time is booked; its primary key is its resource's id."""

    resource = models.OneToOneField(Resource, primary_key=True, on_delete=models.PROTECT)
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    email = models.EmailField()
    role = models.CharField(max_length=120, blank=True, default="")
    time_zone = models.CharField(max_length=64)
    user_id = models.BigIntegerField(null=True, blank=True, help_text="accounts.User of this tenant")
    active = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)
    holiday_country = models.CharField(
        max_length=4, blank=True, default="", help_text="ISO 3166-1; empty: the business's; none: no holidays"
    )
    holiday_region = models.CharField(max_length=12, blank=True, default="", help_text="ISO 3166-2, its part")
    limits = models.JSONField(default=list, blank=True, help_text="period, unit, most: booking.core.limits")

    class Meta:
        ordering = ("position", "resource_id")

    def __str__(self) -> str:
        return self.name


class Schedule(models.Model):
    """A host's named weekly hours in one time zone; the default one counts where an event type chooses none."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="schedules")
    name = models.CharField(max_length=80, default="Working hours")
    time_zone = models.CharField(max_length=64)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="booking_schedule_one_default", fields=["host"], condition=Q(is_default=True)
            ),
            models.UniqueConstraint(name="booking_schedule_name_once", fields=["host", "name"]),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.host_id}"


class WeeklyHours(models.Model):
    """One open stretch of a weekday, minutes from local midnight; past 1440 runs into the next day."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="weekly_hours")
    weekday = models.PositiveSmallIntegerField(help_text="0 = Monday")
    start_minute = models.PositiveSmallIntegerField()
    end_minute = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="booking_weeklyhours_weekday", condition=Q(weekday__lte=6)),
            models.CheckConstraint(
                name="booking_weeklyhours_order",
                condition=Q(end_minute__gt=F("start_minute"), start_minute__lt=1440, end_minute__lte=2880),
            ),
        ]


class DateOverride(models.Model):
    """What replaces the weekly hours on one local date; null minutes: closed that day."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="date_overrides")
    date = models.DateField()
    start_minute = models.PositiveSmallIntegerField(null=True, blank=True)
    end_minute = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="booking_dateoverride_order",
                condition=Q(start_minute=None, end_minute=None)
                | Q(end_minute__gt=F("start_minute"), start_minute__lt=1440, end_minute__lte=2880),
            ),
        ]


class OutOfOffice(models.Model):
    """When a host is away: local dates in the zone of their hours, all day or the same part of each date."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="out_of_office")
    first_date = models.DateField()
    last_date = models.DateField()
    start_minute = models.PositiveSmallIntegerField(null=True, blank=True)
    end_minute = models.PositiveSmallIntegerField(null=True, blank=True)
    redirect = models.ForeignKey(
        Host,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="whom clients may ask",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="booking_outofoffice_dates", condition=Q(last_date__gte=F("first_date"))
            ),
            models.CheckConstraint(
                name="booking_outofoffice_part",
                condition=Q(start_minute=None, end_minute=None)
                | Q(start_minute__isnull=False, start_minute__lt=1440)
                & Q(end_minute__isnull=False, end_minute__gt=F("start_minute"), end_minute__lte=2880),
            ),
            models.CheckConstraint(name="booking_outofoffice_other", condition=~Q(redirect=F("host"))),
        ]


class BusinessHolidays(models.Model):
    """Whose public holidays close the business's days: one row, for every host who chose nothing else."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    country = models.CharField(max_length=4, blank=True, default="", help_text="ISO 3166-1; empty: none")
    region = models.CharField(max_length=12, blank=True, default="")

    class Meta:
        constraints = [models.CheckConstraint(name="booking_businessholidays_one", condition=Q(id=1))]
