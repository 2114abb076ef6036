"""Django's entry of the app."""

from django.apps import AppConfig


class BookingConfig(AppConfig):
    """The product's tables and workflows (each tenant's schema)."""

    name = "booking"
    label = "booking"

    def ready(self) -> None:
        """Register the workflows with the runner, and the actions they are made of."""
        from booking import (  # noqa: F401  registration by import, at start-up
            deadlines,
            following_calendars,
            resending,
            returned_mail,
            workflows,
        )
        from booking.catalog import STAMP_QUERY
        from booking.health import checking  # noqa: F401  the job that looks
        from booking.repairs import passes  # noqa: F401  the job that mends
        from kernel.chores import register_chore
        from kernel.stamps import register_stamp

        register_stamp("catalog", STAMP_QUERY)
        # deadlines that jobs_deadline does not know: of a restored backup, of a tenant that was not ready
        register_chore("deadlines", deadlines.IS_OVERDUE, lambda _: deadlines.expire_due())
        register_chore("ended meetings", deadlines.HAS_ENDED, lambda now: deadlines.complete_ended(now=now))
