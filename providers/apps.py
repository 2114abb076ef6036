"""Django's entry of the app."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    """All that leaves the building (each tenant's schema)."""

    name = "providers"
    label = "providers"

    def ready(self) -> None:
        """Register the job that follows calendars, what tells that a connected calendar changed, and what is sealed."""
        from kernel.chores import register_chore
        from kernel.stamps import register_stamp
        from providers import sealing
        from providers.calendars import channels, sync_job
        from providers.meetings import room_people
        from providers.oauth import renewing

        sealing.register()
        register_stamp("calendars", "SELECT stamp::text FROM providers_calendars")
        register_chore("rooms", room_people.MAY_PRUNE, lambda now: room_people.prune_rooms(now=now))
        register_chore("tokens", renewing.HAS_ACCOUNTS, lambda _: renewing.renew_tokens())
        register_chore(
            "calendars",
            sync_job.FOLLOWS_CALENDARS,
            lambda now: sync_job.poll_calendars(now=now),
            between_rounds_seconds=15,
        )
        register_chore("channels", renewing.HAS_ACCOUNTS, lambda now: channels.renew_channels(now=now))
