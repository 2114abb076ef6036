"""Where else somebody is signed in. Sessions are rows of the tenant's schema; a look reads the live ones."""

from datetime import datetime

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session

from accounts.models import User


def other_sessions(user: User, *, current: SessionBase, now: datetime) -> list[str]:
    """Return the keys of the user's live sessions but the current one; O(live sessions of the tenant)."""
    live = Session.objects.filter(expire_date__gt=now).exclude(session_key=current.session_key)
    return [row.session_key for row in live if row.get_decoded().get("_auth_user_id") == str(user.pk)]


def end_other_sessions(user: User, *, current: SessionBase, now: datetime) -> int:
    """Sign the user out everywhere but here; return how many sessions that ended."""
    keys = other_sessions(user, current=current, now=now)
    return int(Session.objects.filter(session_key__in=keys).delete()[0])
