"""When a user last looked, so that a page can say what happened meanwhile."""

from datetime import datetime, timedelta

from accounts.models import User

VISIT_ENDS_AFTER = timedelta(minutes=30)
_WRITE_AFTER = timedelta(minutes=1)


def note_visit(user: User, *, now: datetime) -> datetime | None:
    """Note that `user` looks now, and return when they last looked before this visit (None: never).

    A visit ends after half an hour without a look, so a reload does not empty "since you last looked".
    At most one write a minute; no ledger entry, because nothing of the business changes.
    """
    if user.looked_at is None or now - user.looked_at > VISIT_ENDS_AFTER:
        user.looked_before_at = user.looked_at
    elif now - user.looked_at < _WRITE_AFTER:
        return user.looked_before_at
    user.looked_at = now
    User.objects.filter(pk=user.pk).update(looked_at=now, looked_before_at=user.looked_before_at)
    return user.looked_before_at
