"""Where a deadline has passed: one look at one table, whatever the number of tenants."""

from datetime import datetime

from django.db import connection

from jobs.models import Deadline
from kernel.tenancy import PUBLIC, entered


def passed_deadlines() -> dict[str, datetime]:
    """Return by schema the last deadline that has passed there and was not seen to yet. One statement."""
    with entered(PUBLIC), connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema, max(due_at) FROM jobs_deadline WHERE due_at <= clock_timestamp() GROUP BY schema"
        )
        return dict(cursor.fetchall())


def forget_deadlines(schema: str, *, until: datetime | None = None) -> int:
    """Forget a tenant's deadlines up to `until` (None: all): they were seen to, or it is deleted; return how many."""
    known = Deadline.objects.filter(schema=schema)
    with entered(PUBLIC):
        deleted, _by_table = (known if until is None else known.filter(due_at__lte=until)).delete()
    return deleted
