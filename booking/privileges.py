"""What is taken back from the application's role in each tenant (tenants.api.restrict_application)."""

from importlib import resources

BOOKING_PRIVILEGES = resources.files("booking.sql").joinpath("grants_v1.sql").read_text(encoding="utf-8")
