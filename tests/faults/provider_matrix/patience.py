"""The matrix waits less than people do where somebody is slow, and pauses less between two tries."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest import mock

WAIT_SECONDS = 1.0
UNHURRIED_SECONDS = 5.0
PAUSE_SECONDS = 0.01
_WAITS = (
    "providers.calendars.events._TIMEOUT_SECONDS",
    "providers.calendars.live_reading._REQUEST_SECONDS",
    "providers.calendars.syncing._TIMEOUT_SECONDS",
    "providers.mail.sessions.TIMEOUT_SECONDS",
    "providers.meetings.google_meet._TIMEOUT_SECONDS",
    "providers.meetings.jitsi.TIMEOUT_SECONDS",
    "providers.meetings.room.TIMEOUT_SECONDS",
    "providers.meetings.teams._TIMEOUT_SECONDS",
    "providers.meetings.zoom._TIMEOUT_SECONDS",
    "providers.notices.webhook.TIMEOUT_SECONDS",
    "providers.oauth.token_endpoint.TIMEOUT_SECONDS",
    "providers.sms.gateway._TIMEOUT_SECONDS",
    "providers.sms.twilio._TIMEOUT_SECONDS",
)


@contextmanager
def impatient(*, is_slow: bool) -> Iterator[None]:
    """Wait a second at most for a provider that is slow, for the block; any other answers at once or not at all."""
    with ExitStack() as stack:
        for name in _WAITS:
            stack.enter_context(mock.patch(name, WAIT_SECONDS if is_slow else UNHURRIED_SECONDS))
        stack.enter_context(mock.patch("kernel.calling._FIRST_PAUSE", PAUSE_SECONDS))
        yield
