"""What is taken back from the application's role in each tenant."""

from importlib import resources

from django.db import connection


def restrict_booking(app_role: str) -> None:
    """Run booking/sql/grants_v1.sql for that role, as the owner, inside the tenant."""
    grants = resources.files("booking.sql").joinpath("grants_v1.sql").read_text(encoding="utf-8")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('holdfast.app_role', %s, false)", [app_role])
        cursor.execute(grants)
