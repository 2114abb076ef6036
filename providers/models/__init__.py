"""The models of providers: calendars and their busy index; rooms, messages and webhook endpoints."""

from providers.models.calendars import BusyTime, Calendar, CalendarConnection

__all__ = ["BusyTime", "Calendar", "CalendarConnection"]
