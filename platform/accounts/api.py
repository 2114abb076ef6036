"""The door of accounts: users, their roles, API keys, and counters against guessing."""

from accounts.api_keys import (
    SCOPES,
    NewApiKey,
    UnknownScope,
    api_keys,
    create_api_key,
    find_api_key,
    revoke_api_key,
)
from accounts.invitations import awaits_first_password, password_link
from accounts.inviting import (
    InvitationOver,
    NotInvitable,
    accept_invitation,
    find_invitation,
    invitation_link,
    invite,
    renew_invitation,
    send_invitation,
    withdraw_invitation,
)
from accounts.links import register_link_builder
from accounts.members import LastOwner, change_role, deactivate_user, end_sessions, reactivate_user
from accounts.models import ApiKey, Invitation, Role, User
from accounts.second_factor import has_second_factor
from accounts.sessions import end_other_sessions, other_sessions
from accounts.throttle import Limit, count_attempt, forget_attempts, take_back_attempt
from accounts.visitors import CODE_LIFETIME, issue_code, redeem_code
from accounts.visits import note_visit

__all__ = [
    "CODE_LIFETIME",
    "SCOPES",
    "ApiKey",
    "Invitation",
    "InvitationOver",
    "LastOwner",
    "Limit",
    "NewApiKey",
    "NotInvitable",
    "Role",
    "UnknownScope",
    "User",
    "accept_invitation",
    "api_keys",
    "awaits_first_password",
    "change_role",
    "count_attempt",
    "create_api_key",
    "deactivate_user",
    "end_other_sessions",
    "end_sessions",
    "find_api_key",
    "find_invitation",
    "forget_attempts",
    "has_second_factor",
    "invitation_link",
    "invite",
    "issue_code",
    "note_visit",
    "other_sessions",
    "password_link",
    "reactivate_user",
    "redeem_code",
    "register_link_builder",
    "renew_invitation",
    "revoke_api_key",
    "send_invitation",
    "take_back_attempt",
    "withdraw_invitation",
]
