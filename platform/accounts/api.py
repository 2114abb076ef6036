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
from accounts.links import register_link_builder
from accounts.models import ApiKey, Role, User
from accounts.throttle import Limit, count_attempt, forget_attempts, take_back_attempt
from accounts.visitors import CODE_LIFETIME, issue_code, redeem_code
from accounts.visits import note_visit

__all__ = [
    "CODE_LIFETIME",
    "SCOPES",
    "ApiKey",
    "Limit",
    "NewApiKey",
    "Role",
    "UnknownScope",
    "User",
    "api_keys",
    "awaits_first_password",
    "count_attempt",
    "create_api_key",
    "find_api_key",
    "forget_attempts",
    "issue_code",
    "note_visit",
    "password_link",
    "redeem_code",
    "register_link_builder",
    "revoke_api_key",
    "take_back_attempt",
]
