"""Who may do what at which address. An address that stands in no rule fails the test: decide first, then add it.

`may` names the roles that get an answer; everybody else is sent to sign in or refused, and learns nothing.
`methods` are those that the address knows; every other one is refused for everybody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.isolation.people import ROLES, STAFF_ROLES, Scene

Arguments = Callable[[Scene], dict[str, Any]]
EVERYONE = frozenset(ROLES) | frozenset(STAFF_ROLES)
MEMBERS = frozenset({"Ana", "Bob", "admin", "owner"})
CONCERNED = frozenset({"Ana", "admin", "owner"})  # the booking is Ana's: Bob sees nothing of it
ADMINS = frozenset({"admin", "owner"})
OWNER = frozenset({"owner"})
STAFF = frozenset({"staff"})


def _nothing(_scene: Scene) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Rule:
    """One address's rule. `signs_in` says how others are turned away: to the sign-in page, or a plain refusal.

    `by_token`: whoever knows the link may use it, whoever they are; the other tenant's canaries are not asked
    of it. `csrf` False: the address takes no session, so a forged request gains nothing.
    """

    may: frozenset[str]
    methods: str = "GET HEAD"
    arguments: Arguments = _nothing
    by_token: bool = False
    csrf: bool = True
    query: Mapping[str, str] = field(default_factory=dict)


def _manage(scene: Scene) -> dict[str, Any]:
    return {"uid": scene.booking.uid, "token": scene.token}


def _held(scene: Scene) -> dict[str, Any]:
    return {"uid": scene.held.uid, "token": scene.held_token}


def _uid(scene: Scene) -> dict[str, Any]:
    return {"uid": scene.booking.uid}


def _run(scene: Scene) -> dict[str, Any]:
    return {"run_id": scene.run}


def _step(scene: Scene) -> dict[str, Any]:
    return {"run_id": scene.run, "step_id": scene.step}


def _message(scene: Scene) -> dict[str, Any]:
    return {"message_id": scene.message}


def _room(scene: Scene) -> dict[str, Any]:
    return {"token": scene.room}


def _event(scene: Scene) -> dict[str, Any]:
    return {"event": scene.event_type.slug}


_FORM = "GET HEAD POST"
ANY = "GET HEAD POST PUT PATCH DELETE OPTIONS"  # a view of the library: what it knows is its own matter
_ACCOUNT = {
    "account_inactive": Rule(EVERYONE, ANY),
    "account_login": Rule(EVERYONE, ANY),
    "account_reset_password": Rule(EVERYONE, ANY),
    "account_reset_password_done": Rule(EVERYONE, ANY),
    "account_reset_password_from_key": Rule(
        EVERYONE, ANY, lambda _scene: {"uidb36": "1", "key": "set-password"}
    ),
    "account_reset_password_from_key_done": Rule(EVERYONE, ANY),
    "account_signup": Rule(EVERYONE, ANY),
}
_BUSINESS = {
    **_ACCOUNT,
    "account_logout": Rule(MEMBERS, ANY),
    "keys": Rule(EVERYONE),
    "public:access": Rule(EVERYONE, _FORM, csrf=False),
    "public:access_code": Rule(EVERYONE, _FORM, csrf=False),
    "public:brand": Rule(EVERYONE),
    "public:logo": Rule(EVERYONE),
    "public:home": Rule(EVERYONE),
    "public:person": Rule(EVERYONE, arguments=lambda _scene: {"host": "ana"}),
    "public:pick": Rule(EVERYONE, arguments=_event),
    "public:hold": Rule(EVERYONE, "POST", _event, csrf=False),
    "public:booking": Rule(EVERYONE, arguments=_manage, by_token=True),
    "public:progress": Rule(EVERYONE, arguments=_manage, by_token=True),
    "public:calendar_file": Rule(EVERYONE, arguments=_manage, by_token=True),
    "public:cancel": Rule(EVERYONE, _FORM, _manage, by_token=True, csrf=False),
    "public:reschedule": Rule(EVERYONE, _FORM, _manage, by_token=True, csrf=False),
    "public:details": Rule(EVERYONE, _FORM, _held, by_token=True, csrf=False),
    "public:release": Rule(EVERYONE, "POST", _held, by_token=True, csrf=False),
    "room:page": Rule(EVERYONE, arguments=_room, by_token=True),
    "room:signal": Rule(EVERYONE, arguments=_room, by_token=True, query={"probe": "n"}),
    "business:home": Rule(MEMBERS),
    "business:bookings": Rule(MEMBERS),
    "business:booking": Rule(CONCERNED, arguments=_uid),
    "business:cancel": Rule(CONCERNED, _FORM, _uid),
    "business:reschedule": Rule(CONCERNED, _FORM, _uid),
    "business:runs": Rule(ADMINS),
    "business:run": Rule(ADMINS, arguments=_run),
    "business:undo_run": Rule(ADMINS, _FORM, _run),
    "business:undo_step": Rule(ADMINS, _FORM, _step),
    "business:messages": Rule(ADMINS),
    "business:message": Rule(ADMINS, arguments=_message),
    "business:message_html": Rule(ADMINS, arguments=_message),
    "api:slots": Rule(
        EVERYONE, "GET HEAD", csrf=False,
        query={"event_type": "intro-call", "start": "2026-01-05", "end": "2026-01-05", "time_zone": "UTC"},
    ),
    "api:bookings": Rule(EVERYONE, "POST", csrf=False),
    "api:booking": Rule(frozenset(), "GET HEAD", _uid, csrf=False),
    "api:cancel": Rule(frozenset(), "POST", _uid, csrf=False),
    "api:reschedule": Rule(frozenset(), "POST", _uid, csrf=False),
    "api:nothing": Rule(frozenset(), "GET HEAD POST PUT PATCH DELETE OPTIONS", csrf=False),
}  # fmt: skip
_STAFF = {
    **_ACCOUNT,
    "account_logout": Rule(STAFF, ANY),
    "keys": Rule(EVERYONE),
    "public:brand": Rule(EVERYONE),
    "staff:home": Rule(STAFF),
}
_PROCESS = {
    "healthz": Rule(EVERYONE, "GET"),
    "readyz": Rule(EVERYONE, "GET"),
    "metrics": Rule(EVERYONE, "GET"),
}
RULES = {"business": _BUSINESS, "staff": _STAFF, "process": _PROCESS}
