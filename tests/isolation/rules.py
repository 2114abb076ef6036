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


def _series(scene: Scene) -> dict[str, Any]:
    return {"uid": scene.series.uid, "token": scene.series_token}


def _decision(scene: Scene) -> dict[str, Any]:
    return {"uid": scene.booking.uid, "host_id": scene.ana.pk, "token": scene.decision}


def _held(scene: Scene) -> dict[str, Any]:
    return {"uid": scene.held.uid, "token": scene.held_token}


def _chat(_scene: Scene) -> dict[str, Any]:
    return {"kind": "slack"}


def _wording(_scene: Scene) -> dict[str, Any]:
    return {"language": "de", "occasion": "confirmation"}


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


def _type(scene: Scene) -> dict[str, Any]:
    return {"event_type_id": scene.event_type.pk}


def _person(scene: Scene) -> dict[str, Any]:
    return {"key": scene.person}


def _invitation(scene: Scene) -> dict[str, Any]:
    return {"invitation_id": scene.invitation}


def _ana(scene: Scene) -> dict[str, Any]:
    return {"host_id": scene.ana.pk}


def _connection(scene: Scene) -> dict[str, Any]:
    return {"connection_id": scene.connection}


def _endpoint(scene: Scene) -> dict[str, Any]:
    return {"endpoint_id": scene.endpoint}


def _api_key(scene: Scene) -> dict[str, Any]:
    return {"key_id": scene.api_key}


def _acme(_scene: Scene) -> dict[str, Any]:
    return {"slug": "acme"}


def _onboarding(scene: Scene) -> dict[str, Any]:
    return {"run_id": scene.staff_run}


def _onboarding_step(scene: Scene) -> dict[str, Any]:
    return {"run_id": scene.staff_run, "step_id": scene.staff_step}


def _test(scene: Scene) -> dict[str, Any]:
    return {"test_id": scene.test}


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
    "account_set_password": Rule(EVERYONE, ANY),
    "account_invitation": Rule(EVERYONE, ANY, lambda scene: {"token": scene.invitation_token}),
}


def _own_sign_in(may: frozenset[str]) -> dict[str, Rule]:
    """The pages on which somebody changes how they sign in; allauth asks first whether it is them."""
    of_key = {"mfa_edit_webauthn", "mfa_remove_webauthn"}
    names = {
        "account_change_password", "account_reauthenticate", "mfa_activate_totp", "mfa_add_webauthn",
        "mfa_deactivate_totp", "mfa_download_recovery_codes", "mfa_generate_recovery_codes", "mfa_index",
        "mfa_list_webauthn", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_view_recovery_codes",
    }  # fmt: skip
    return {
        **{name: Rule(may, ANY) for name in names},
        **{name: Rule(may, ANY, lambda _scene: {"pk": 1}) for name in of_key},
        "mfa_authenticate": Rule(EVERYONE, ANY),
        "mfa_login_webauthn": Rule(EVERYONE, ANY),
        "sign_out_elsewhere": Rule(may, "POST"),
    }


_BUSINESS = {
    **_ACCOUNT,
    **_own_sign_in(MEMBERS),
    "account_logout": Rule(MEMBERS, ANY),
    "keys": Rule(EVERYONE),
    "text_reported": Rule(frozenset(), "POST", lambda _scene: {"reference": "no-text"}, csrf=False),
    "calendar_called": Rule(frozenset(), "POST", lambda _scene: {"key": "no-channel"}, csrf=False),
    "public:access": Rule(EVERYONE, _FORM, csrf=False),
    "public:access_code": Rule(EVERYONE, _FORM, csrf=False),
    "public:brand": Rule(EVERYONE),
    "public:logo": Rule(EVERYONE),
    "public:home": Rule(EVERYONE),
    "public:person": Rule(EVERYONE, arguments=lambda _scene: {"host": "ana"}),
    "public:pick": Rule(EVERYONE, arguments=_event),
    "public:hold": Rule(EVERYONE, "POST", _event, csrf=False),
    "public:series": Rule(EVERYONE, _FORM, _series, by_token=True, csrf=False),
    "public:stop_series_texts": Rule(EVERYONE, _FORM, _series, by_token=True, csrf=False),
    "public:stop_texts": Rule(EVERYONE, _FORM, _manage, by_token=True, csrf=False),
    "public:decide": Rule(EVERYONE, _FORM, _decision, by_token=True, csrf=False),
    "public:booking": Rule(EVERYONE, arguments=_manage, by_token=True),
    "public:progress": Rule(EVERYONE, arguments=_manage, by_token=True),
    "public:calendar_file": Rule(EVERYONE, arguments=_manage, by_token=True),
    "public:test_link": Rule(EVERYONE, "POST", _manage, by_token=True, csrf=False),
    "public:cancel": Rule(EVERYONE, _FORM, _manage, by_token=True, csrf=False),
    "public:reschedule": Rule(EVERYONE, _FORM, _manage, by_token=True, csrf=False),
    "public:details": Rule(EVERYONE, _FORM, _held, by_token=True, csrf=False),
    "public:release": Rule(EVERYONE, "POST", _held, by_token=True, csrf=False),
    "room:page": Rule(EVERYONE, arguments=_room, by_token=True),
    "room:signal": Rule(EVERYONE, _FORM, arguments=_room, by_token=True, csrf=False, query={"probe": "n"}),
    "room:host": Rule(MEMBERS, arguments=_room),
    "room:join": Rule(EVERYONE, "POST", _room, by_token=True, csrf=False),
    "room:door": Rule(EVERYONE, "POST", _room, by_token=True, csrf=False),
    "room:leave": Rule(EVERYONE, "POST", _room, by_token=True, csrf=False),
    "business:today": Rule(MEMBERS),
    "business:find": Rule(MEMBERS, query={"q": "site"}),
    "business:new_booking": Rule(MEMBERS, _FORM),
    "business:bookings": Rule(MEMBERS),
    "business:booking": Rule(CONCERNED, arguments=_uid),
    "business:approve": Rule(CONCERNED, "POST", _uid),
    "business:decline": Rule(CONCERNED, _FORM, _uid),
    "business:cancel": Rule(CONCERNED, _FORM, _uid),
    "business:reschedule": Rule(CONCERNED, _FORM, _uid),
    "business:reassign": Rule(CONCERNED, _FORM, _uid),
    "business:no_show": Rule(CONCERNED, "POST", _uid),
    "business:came": Rule(CONCERNED, "POST", _uid),
    "business:send_again": Rule(CONCERNED, "POST", _uid),
    "business:schedules": Rule(CONCERNED, "POST", _ana),
    "business:time_off": Rule(CONCERNED, arguments=_ana),
    "business:add_time_off": Rule(CONCERNED, "POST", _ana),
    "business:end_time_off": Rule(CONCERNED, "POST", lambda scene: {"host_id": scene.ana.pk, "absence_id": 1}),
    "business:host_holidays": Rule(CONCERNED, "POST", _ana),
    "business:host_limits": Rule(CONCERNED, "POST", _ana),
    "business:holidays": Rule(ADMINS, _FORM),
    "business:why": Rule(MEMBERS, query={"event_type": "intro-call"}),
    "business:runs": Rule(ADMINS),
    "business:run": Rule(ADMINS, arguments=_run),
    "business:undo_run": Rule(ADMINS, _FORM, _run),
    "business:undo_step": Rule(ADMINS, _FORM, _step),
    "business:messages": Rule(ADMINS),
    "business:texts": Rule(ADMINS),
    "business:text_carrier": Rule(ADMINS, _FORM, lambda _scene: {"kind": "twilio"}),
    "business:try_text": Rule(ADMINS, "POST"),
    "business:switch_texts_off": Rule(ADMINS, "POST"),
    "business:text_again": Rule(CONCERNED, "POST", _uid),
    "business:jitsi": Rule(ADMINS, "GET HEAD POST"),
    "business:zoom": Rule(MEMBERS),
    "business:zoom_app": Rule(ADMINS, _FORM),
    "business:test_zoom": Rule(ADMINS, "POST"),
    "business:forget_zoom": Rule(ADMINS, "POST"),
    "business:test_zoom_account": Rule(CONCERNED, "POST", _ana),
    "business:disconnect_zoom_account": Rule(CONCERNED, "POST", _ana),
    "business:test_jitsi": Rule(ADMINS, "POST"),
    "business:forget_jitsi": Rule(ADMINS, "POST"),
    "business:add_chat": Rule(ADMINS, "GET HEAD POST", _chat),
    "business:words": Rule(ADMINS),
    "business:wording": Rule(ADMINS, "GET HEAD POST", _wording),
    "business:wording_preview": Rule(ADMINS, "GET HEAD POST", _wording),
    "business:undo_wording": Rule(ADMINS, "POST", _wording),
    "business:reset_wording": Rule(ADMINS, "POST", _wording),
    "business:mail_sender": Rule(ADMINS, "GET HEAD POST"),
    "business:own_mail_server": Rule(ADMINS, "POST"),
    "business:own_mail_service": Rule(ADMINS, "POST"),
    "business:test_mail_server": Rule(ADMINS, "POST"),
    "business:platform_mail_server": Rule(ADMINS, "POST"),
    "business:message": Rule(ADMINS, arguments=_message),
    "business:message_html": Rule(ADMINS, arguments=_message),
    "business:meeting_types": Rule(MEMBERS),
    "business:new_meeting_type": Rule(ADMINS, _FORM),
    "business:meeting_type_preview": Rule(ADMINS, "POST"),  # and a host, when the form names a type of theirs
    "business:meeting_type": Rule(CONCERNED, _FORM, _type),  # its host Ana; unless it is locked
    "business:delete_meeting_type": Rule(ADMINS, _FORM, _type),
    "business:duplicate_meeting_type": Rule(ADMINS, "POST", _type),
    "business:offer_meeting_type": Rule(ADMINS, "POST", _type),
    "business:place_meeting_type": Rule(ADMINS, "POST", _type),
    "business:resources": Rule(ADMINS, _FORM),
    "business:resource": Rule(ADMINS, "POST", lambda scene: {"resource_id": scene.room_id}),
    "business:people": Rule(ADMINS),
    "business:invite": Rule(ADMINS, _FORM),
    "business:person": Rule(ADMINS, _FORM, _person),
    "business:person_role": Rule(ADMINS, "POST", _person),
    "business:person_bookable": Rule(ADMINS, "POST", lambda scene: {"key": scene.unbookable}),
    "business:deactivate_person": Rule(ADMINS, _FORM, _person),
    "business:reactivate_person": Rule(ADMINS, "POST", _person),
    "business:resend_invitation": Rule(ADMINS, "POST", _invitation),
    "business:withdraw_invitation": Rule(ADMINS, "POST", _invitation),
    "business:own_hours": Rule(MEMBERS),
    "business:hours": Rule(CONCERNED, _FORM, _ana),
    "business:hours_preview": Rule(CONCERNED, "POST", _ana),
    "business:add_override": Rule(CONCERNED, "POST", _ana),
    "business:delete_override": Rule(CONCERNED, "POST", _ana),
    "business:connections": Rule(MEMBERS),
    "business:connect_calendar": Rule(CONCERNED, _FORM, _ana),
    "business:subscribe_calendar": Rule(CONCERNED, _FORM, _ana),
    "business:calendar": Rule(CONCERNED, _FORM, _connection),
    "business:change_calendar": Rule(CONCERNED, _FORM, _connection),
    "business:test_calendar": Rule(CONCERNED, "POST", _connection),
    "business:disconnect_calendar": Rule(CONCERNED, _FORM, _connection),
    "business:connect_account": Rule(CONCERNED, _FORM, lambda scene: {"kind": "google", **_ana(scene)}),
    "business:finish_account": Rule(MEMBERS),
    "business:oauth_client": Rule(ADMINS, _FORM, lambda _scene: {"kind": "google"}),
    "business:test_oauth_client": Rule(ADMINS, "POST", lambda _scene: {"kind": "google"}),
    "business:remove_oauth_client": Rule(ADMINS, "POST", lambda _scene: {"kind": "google"}),
    "business:add_webhook": Rule(ADMINS, _FORM),
    "business:webhook": Rule(ADMINS, arguments=_endpoint),
    "business:test_webhook": Rule(ADMINS, "POST", _endpoint),
    "business:rotate_webhook": Rule(ADMINS, "POST", _endpoint),
    "business:switch_on_webhook": Rule(ADMINS, "POST", _endpoint),
    "business:remove_webhook": Rule(ADMINS, _FORM, _endpoint),
    "business:health": Rule(ADMINS),
    "business:check_health": Rule(ADMINS, "POST"),
    "business:repair_incident": Rule(ADMINS, "POST", lambda _scene: {"incident_id": 1}),
    "business:resolve_incident": Rule(ADMINS, "POST", lambda _scene: {"incident_id": 1}),
    "business:settings": Rule(MEMBERS),
    "business:change_business": Rule(ADMINS, "POST"),
    "business:change_colour": Rule(ADMINS, "POST"),
    "business:change_logo": Rule(ADMINS, "POST"),
    "business:change_access": Rule(ADMINS, "POST"),
    "business:change_pause": Rule(ADMINS, "POST"),
    "business:change_second_factor": Rule(ADMINS, "POST"),
    "business:take_away": Rule(OWNER, _FORM),
    "business:api_keys": Rule(ADMINS, _FORM),
    "business:revoke_api_key": Rule(ADMINS, _FORM, _api_key),
    "api:slots": Rule(
        EVERYONE, "GET HEAD", csrf=False,
        query={"event_type": "intro-call", "start": "2026-01-05", "end": "2026-01-05", "time_zone": "UTC"},
    ),
    "api:bookings": Rule(EVERYONE, "POST", csrf=False),
    "api:booking": Rule(frozenset(), "GET HEAD", _uid, csrf=False),
    "api:series": Rule(frozenset(), "GET HEAD", lambda _scene: {"uid": "none"}, csrf=False),
    "api:cancel_series": Rule(frozenset(), "POST", lambda _scene: {"uid": "none"}, csrf=False),
    "api:approve": Rule(frozenset(), "POST", _uid, csrf=False),
    "api:decline": Rule(frozenset(), "POST", _uid, csrf=False),
    "api:cancel": Rule(frozenset(), "POST", _uid, csrf=False),
    "api:reschedule": Rule(frozenset(), "POST", _uid, csrf=False),
    "api:nothing": Rule(frozenset(), "GET HEAD POST PUT PATCH DELETE OPTIONS", csrf=False),
}  # fmt: skip
_STAFF = {
    **_ACCOUNT,
    **_own_sign_in(STAFF),
    "account_logout": Rule(STAFF, ANY),
    "keys": Rule(EVERYONE),
    "public:brand": Rule(EVERYONE),
    "mail_reported": Rule(frozenset(), "POST", csrf=False),  # without a proof of the service nothing is taken
    "oauth_return": Rule(frozenset()),  # without a state of ours nobody is passed on
    "staff:home": Rule(STAFF),
    "staff:new": Rule(STAFF, _FORM),
    "staff:link_name": Rule(STAFF, query={"slug": "harbour"}),
    "staff:business": Rule(STAFF, arguments=_acme),
    "staff:suspend": Rule(STAFF, "POST", _acme),
    "staff:resume": Rule(STAFF, "POST", _acme),
    "staff:delete": Rule(STAFF, _FORM, _acme),
    "staff:onboarding": Rule(STAFF, arguments=_onboarding),
    "staff:onboarding_progress": Rule(STAFF, arguments=_onboarding),
    "staff:retry": Rule(STAFF, "POST", _onboarding),
    "staff:roll_back": Rule(STAFF, "POST", _onboarding),
    "staff:contention": Rule(STAFF, _FORM),
    "business:runs": Rule(STAFF),
    "business:run": Rule(STAFF, arguments=_onboarding),
    "business:undo_run": Rule(STAFF, _FORM, _onboarding),
    "business:undo_step": Rule(STAFF, _FORM, _onboarding_step),
    "staff:contention_test": Rule(STAFF, arguments=_test),
    "staff:contention_progress": Rule(STAFF, arguments=_test),
}
_PROCESS = {
    "healthz": Rule(EVERYONE, "GET"),
    "readyz": Rule(EVERYONE, "GET"),
    "metrics": Rule(EVERYONE, "GET"),
}
RULES = {"business": _BUSINESS, "staff": _STAFF, "process": _PROCESS}
