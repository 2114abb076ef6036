"""JSON with a vendor's API in the name of an account: the token renewed once when it is refused, failures named."""

from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
from django.db import connection

from kernel import http
from kernel.breaker import BREAKER, Resting
from kernel.calling import Caller, retry_after_seconds
from providers.oauth.token_endpoint import SETTING_WORDS, NetworkInsideTransaction, WrongSetting
from providers.oauth.vendors import Vendor
from providers.protocols import RateLimited, Rejected, Unauthorised, Unreachable

_RATE_REASONS = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "calendarUsageLimitsExceeded"}
_SCOPE_REASONS = {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "ErrorAccessDenied"}
_OFF_REASONS = {"accessNotConfigured", "SERVICE_DISABLED"}


class Token(Protocol):
    """What a session asks with: whose it is, and its value, renewed where need be."""

    @property
    def account_id(self) -> int | str: ...

    @property
    def schema(self) -> str: ...

    def current(self) -> str: ...

    def another(self) -> str: ...


class ApiSession:
    """Requests of one account below its vendor's `api_url`. Safe in any one thread."""

    def __init__(self, vendor: Vendor, token: Token, *, timeout_seconds: float = 8.0) -> None:
        self._vendor = vendor
        self._token = token
        self._caller = Caller(provider=vendor.kind, breaker=BREAKER, timeout_seconds=timeout_seconds)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        json: Any = None,
        headers: dict[str, str] | None = None,
        is_repeatable: bool | None = None,
    ) -> httpx.Response:
        """Return an answer below 500 that is no refused sign-in and no limit: 2xx, 304, 400, 404, 409, 410, 412.

        `path` begins with "/", or is a whole address that the API gave (a next page) at the API's own origin.
        Raises Unauthorised (401 twice, a scope that is missing), RateLimited (429, Google's 403 of usage limits),
        Unreachable (no answer, 5xx, a page in an answer's place), WrongSetting (the API is switched off), Rejected
        (403, another origin).
        """
        if connection.in_atomic_block:
            raise NetworkInsideTransaction(f"{method} at {self._vendor.name} inside a database transaction")
        url = self._address(path)
        answer = self._send(method, url, self._token.current(), params, json, headers, is_repeatable)
        if answer.status_code == 401:
            token = self._token.another()
            answer = self._send(method, url, token, params, json, headers, is_repeatable)
        self._check(answer)
        return answer

    def json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Send `request` and return the JSON object of its 2xx; raises Rejected for other answers too."""
        answer = self.request(method, path, **options)
        if not answer.is_success:
            raise Rejected(f"{self._vendor.name} refused the request (HTTP {answer.status_code}).")
        return self.read(answer)

    def read(self, answer: httpx.Response) -> dict[str, Any]:
        """Return the JSON object of an answer; raises Unreachable for half an answer, a portal page, rubbish."""
        try:
            said = answer.json()
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise Unreachable(f"{self._vendor.name}'s answer makes no sense.")
        return said

    def _address(self, path: str) -> str:
        if path.startswith("/"):
            return f"{self._vendor.api_url}{path}"
        if urlsplit(path)[:2] != urlsplit(self._vendor.api_url)[:2]:
            raise Rejected(
                f"{self._vendor.name} points to another server, which never gets this account's token."
            )
        return path

    def _send(
        self,
        method: str,
        url: str,
        token: str,
        params: dict[str, str] | None,
        json: Any,
        headers: dict[str, str] | None,
        is_repeatable: bool | None,
    ) -> httpx.Response:
        name = self._vendor.name
        try:
            return self._caller.send(
                method,
                url,
                account=str(self._token.account_id),
                schema=self._token.schema,
                headers={**(headers or {}), "Authorization": f"Bearer {token}"},
                params=params,
                json=json,
                is_repeatable=is_repeatable,
            )
        except Resting as error:
            if error.is_asked:
                raise RateLimited(
                    f"{name} asks us to come back later.", retry_after=error.retry_after
                ) from None
            raise Unreachable(f"{name} failed again and again; it is asked again in a moment.") from None
        except http.TimedOut:
            raise Unreachable(f"{name} did not answer in time.") from None
        except http.TooLarge:
            raise Rejected(f"{name}'s answer is too large.") from None
        except http.HttpError:
            raise Unreachable(f"{name} cannot be reached.") from None

    def _check(self, answer: httpx.Response) -> None:
        status, name = answer.status_code, self._vendor.name
        if status == 401:
            raise Unauthorised(f"{name} refused the account's token: connect the account again.")
        if status == 429:
            raise RateLimited(f"{name} asks us to come back later.", retry_after=retry_after_seconds(answer))
        if status >= 500:
            raise Unreachable(f"{name} has a fault of its own (HTTP {status}).")
        if status == 403:
            reasons = set(_reasons(answer))
            if reasons & _RATE_REASONS:
                raise RateLimited(
                    f"{name} asks us to come back later.", retry_after=retry_after_seconds(answer)
                )
            if reasons & _OFF_REASONS:
                raise WrongSetting(SETTING_WORDS["api"].format(name=name), setting="api")
            if reasons & _SCOPE_REASONS:
                raise Unauthorised(
                    f"{name} was not allowed to show or change the calendars: connect the account again and"
                    " leave every box ticked."
                )
            raise Rejected(f"{name} does not allow this (HTTP 403).")
        if answer.is_success and answer.content and "json" not in answer.headers.get("Content-Type", ""):
            raise Unreachable(
                f"{name}'s answer makes no sense."
            )  # what stands in between answered in its place


def _reasons(answer: httpx.Response) -> list[str]:
    """Return the machine's words of an error: Google's `errors[].reason`, `details[].reason`, Graph's `code`."""
    try:
        error = answer.json().get("error", {})
        listed = [each.get("reason", "") for each in error.get("errors", []) + error.get("details", [])]
        return [str(each) for each in [*listed, error.get("code", "")]]
    except (ValueError, AttributeError, TypeError):
        return []
