"""Who may host a room: a signed-in user who is a host of its meeting, or an owner or admin of the business.

The room's page is a client page, where a cookie is no authority. So a page that is opened with such a user's
session carries a pass, signed for this user and this room, which the page shows when it joins; the user is
looked up again then. An attendee's page never has one, and nothing turns an attendee into a host later.
"""

from datetime import timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core import signing

from accounts.api import User
from booking.api import MeetingHost
from kernel.errors import HoldfastError
from kernel.tenancy import current_schema
from providers.api import Room

PASS_LIVES = timedelta(hours=1)
_SALT = "holdfast.room.host"


class PassRefused(HoldfastError):
    """The pass is too old, of another room, or its user may not host any more."""

    code = "forbidden"


def may_host(user: AbstractBaseUser | AnonymousUser, room: Room) -> bool:
    """Say whether this user may open the door of this room. One query for a host, none for others."""
    if not isinstance(user, User) or not user.is_active:
        return False
    if user.sees_everything:
        return True
    return (
        user.host_id is not None
        and MeetingHost.objects.filter(meeting__uid=room.meeting_uid, host_id=user.host_id).exists()
    )


def host_pass(user: AbstractBaseUser | AnonymousUser, room: Room) -> str:
    """Return the pass of a user who may host, "" for anybody else."""
    if not may_host(user, room):
        return ""
    return signing.dumps([current_schema(), room.pk, user.pk], salt=_SALT)


def check_pass(text: str, room: Room) -> None:
    """Raise PassRefused unless the pass is for this room and its user may still host."""
    try:
        content = signing.loads(text, salt=_SALT, max_age=PASS_LIVES)
    except signing.BadSignature:
        content = None
    if isinstance(content, list) and content[:2] == [current_schema(), room.pk]:
        user = User.objects.filter(pk=content[2]).first()
        if user is not None and may_host(user, room):
            return
    raise PassRefused("You cannot join as the host with this page. Reload it, and sign in if it asks.")
