"""Renewing tokens before anybody waits for them; the clock's chore."""

import logging
from datetime import timedelta

from providers.oauth.tokens import expiring_accounts, fresh_token
from providers.protocols import ProviderError

log = logging.getLogger(__name__)
AHEAD = timedelta(minutes=5)


HAS_ACCOUNTS = "SELECT EXISTS (SELECT FROM providers_oauthaccount WHERE ended_at IS NULL)"


def renew_tokens() -> int:
    """Renew the current tenant's tokens that end within five minutes; return how many were renewed.

    A vendor that does not answer is asked again by the next tick; an ended grant is written in the account.
    """
    renewed = 0
    for account_id in expiring_accounts(within=AHEAD):
        try:
            fresh_token(account_id, ahead=AHEAD)
        except ProviderError as error:
            log.info("The token of account %s was not renewed: %s", account_id, error.message)
        else:
            renewed += 1
    return renewed
