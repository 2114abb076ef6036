"""Whether a vendor takes our client, named by the setting that is wrong; never raises ProviderError."""

from dataclasses import dataclass

from providers.oauth.apps import AppCredentials
from providers.oauth.token_endpoint import WrongSetting, try_client
from providers.oauth.vendors import Vendor
from providers.protocols import ProviderError


@dataclass(frozen=True, kw_only=True)
class ClientCheck:
    """`setting` is what is wrong ("client_id", "client_secret", "directory", "redirect", "vendor"), "" if nothing."""

    setting: str
    words: str


def check_oauth_client(vendor: Vendor, app: AppCredentials, *, redirect_uri: str) -> ClientCheck:
    """Ask the token endpoint with a code that cannot be good; one request, never in a transaction.

    A return address that was not registered is mostly told on the consent page alone, to whoever stands there.
    """
    try:
        try_client(vendor, app, redirect_uri=redirect_uri)
    except WrongSetting as error:
        return ClientCheck(setting=error.setting, words=error.message)
    except ProviderError as error:
        return ClientCheck(setting="vendor", words=error.message)
    return ClientCheck(setting="", words=f"{vendor.name} takes this client id and secret.")
