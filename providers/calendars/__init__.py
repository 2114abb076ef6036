"""Calendars outside: reading busy times, writing our events, and the busy index in between."""
