"""The identity platform, v2.0: learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow.

Errors carry the numbers of learn.microsoft.com/entra/identity-platform/reference-error-codes.
"""

from typing import Any

from tests.simulators.consent import Consent
from tests.simulators.vendor import Refused, Reply, Request

GRAPH = "https://graph.microsoft.com/"


class SignIn:
    """Consent and tokens below /{directory}: `directories` exist, `ended_secrets` are past their date."""

    def __init__(self, consent: Consent) -> None:
        self.consent = consent
        self.directories = {"common", "organizations", "consumers", "directory-of-acme"}
        self.ended_secrets: set[str] = set()
        self.consented = True

    def authorize(self, request: Request) -> Reply:
        """Show the consent page ("Request an authorization code")."""
        self._check_directory(request)
        if request.query.get("response_mode", "query") != "query":
            raise _refused(400, "invalid_request", 900144, "response_mode")
        return self.consent.page(request, title="Microsoft", decide=f"/{request.match[0]}/oauth2/v2.0/decide")

    def decide(self, request: Request) -> Reply:
        """Send the browser back."""
        return self.consent.decided(request)

    def token(self, request: Request) -> Reply:
        """Redeem a code, refresh, or sign the client in alone ("Redeem a code", "Refresh the access token")."""
        self._check_directory(request)
        form = request.form
        self._check_client(form)
        kind = form.get("grant_type")
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "expires_in": int(self.consent.lasts.total_seconds()),
            "ext_expires_in": int(self.consent.lasts.total_seconds()),
        }
        if (
            kind == "client_credentials"
        ):  # v2-oauth2-client-creds-grant-flow: a token of the client, nobody's calendar
            return Reply(json={**answer, "access_token": self.consent.new_access(self.consent.nobody(form))})
        if kind not in ("authorization_code", "refresh_token"):
            raise _refused(400, "unsupported_grant_type", 70003, "The grant type is not supported.")
        grant = self._granted(form)
        if not self.consented:
            raise _refused(400, "invalid_grant", 65001, "The user or administrator has not consented.")
        asked = [scope for scope in grant.scopes if scope != "offline_access"]
        answer |= {"access_token": self.consent.new_access(grant), "scope": " ".join(asked)}
        if "offline_access" in grant.scopes:
            answer["refresh_token"] = self.consent.new_refresh(grant)
        return Reply(json=answer)

    def _granted(self, form: dict[str, str]) -> Any:
        uris = self.consent.redirect_uris
        if form["grant_type"] == "refresh_token":
            try:
                return self.consent.refreshed(form)
            except Refused:
                raise _refused(
                    400, "invalid_grant", 70008, "The refresh token has expired or is invalid."
                ) from None
        if uris is not None and form.get("redirect_uri") not in uris:
            raise _refused(400, "invalid_request", 50011, "The redirect URI does not match.")
        try:
            return self.consent.redeem(form)
        except Refused:
            raise _refused(
                400, "invalid_grant", 70000, "The provided value for 'code' is not valid."
            ) from None

    def _check_directory(self, request: Request) -> None:
        if request.match[0] not in self.directories:
            raise _refused(400, "invalid_request", 90002, f"Tenant '{request.match[0]}' not found.")

    def _check_client(self, form: dict[str, str]) -> None:
        client = form.get("client_id", "")
        if client not in self.consent.clients:
            raise _refused(
                400, "unauthorized_client", 700016, "The application was not found in the directory."
            )
        if form.get("client_secret") in self.ended_secrets:
            raise _refused(401, "invalid_client", 7000222, "The provided client secret keys are expired.")
        if self.consent.clients[client] != form.get("client_secret"):
            raise _refused(401, "invalid_client", 7000215, "Invalid client secret provided.")


def _refused(status: int, name: str, number: int, words: str) -> Refused:
    said = {"error": name, "error_description": f"AADSTS{number}: {words}", "error_codes": [number]}
    return Refused(Reply(status=status, json=said))
