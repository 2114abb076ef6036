"""Migrations that run a versioned .sql file: functions and triggers live in files, not in strings."""

from importlib import resources

from django.db import migrations


def run_sql_file(package: str, name: str, *, reverse: str | None = None) -> migrations.RunSQL:
    """Return the operation that runs `<package>/<name>`, e.g. ("booking.sql", "hold_v1.sql").

    Without `reverse` (another file's name) going back does nothing: functions carry a version in their
    name, and the next version's file takes the old one away.
    """
    forward = resources.files(package).joinpath(name).read_text(encoding="utf-8")
    backward = resources.files(package).joinpath(reverse).read_text(encoding="utf-8") if reverse else ""
    return migrations.RunSQL([(forward, None)], [(backward, None)] if backward else migrations.RunSQL.noop)
