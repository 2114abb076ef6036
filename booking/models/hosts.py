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

    class Meta:
        ordering = ("position", "resource_id")

    def __str__(self) -> str:
        return self.name


class Schedule(models.Model):
    """A host's named weekly hours in one time zone; the first one counts until several are offered."""

    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="schedules")
    name = models.CharField(max_length=80, default="Working hours")
    time_zone = models.CharField(max_length=64)

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
