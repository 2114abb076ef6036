"""The pure part of booking: values in, values out. No Django, no database, no clock, no settings."""
