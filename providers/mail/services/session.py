"""What Anymail asks of requests, sent by the house's own HTTP client: one deadline, a breaker, no proxy, no
redirect."""

import hashlib
from io import BytesIO
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from kernel.breaker import BREAKER
from kernel.calling import Caller


class HouseSession(requests.Session):
    """A session of requests whose every request goes through kernel.calling; raises kernel.http.HttpError.

    A Retry-After is kept for the `account`, of which only a digest is held.
    """

    def __init__(self, provider: str, *, account: str) -> None:
        super().__init__()
        self.trust_env = False
        self.headers = CaseInsensitiveDict({"User-Agent": "Holdfast/1", "Accept-Encoding": "identity"})
        for scheme in ("https://", "http://"):
            self.mount(scheme, _HouseAdapter(provider, hashlib.sha256(account.encode()).hexdigest()))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow nobody: an answer that leads elsewhere is a wrong one."""


class _HouseAdapter(BaseAdapter):
    def __init__(self, provider: str, account: str) -> None:
        super().__init__()
        self.caller = Caller(provider=provider, breaker=BREAKER)
        self.account = account

    def send(self, request: requests.PreparedRequest, **_options: Any) -> requests.Response:  # type: ignore[override]
        """Send what was prepared, as it is."""
        body = request.body.encode() if isinstance(request.body, str) else request.body
        assert request.method is not None
        assert request.url is not None
        assert isinstance(body, bytes)
        headers = {name: str(value) for name, value in request.headers.items()}
        answer = self.caller.send(
            request.method, request.url, headers=headers, content=body, account=self.account
        )
        found = requests.Response()
        found.status_code, found.reason = answer.status_code, answer.reason_phrase
        found.url, found.request = request.url, request
        found.headers = CaseInsensitiveDict(answer.headers)
        found.encoding = answer.encoding
        found.raw = BytesIO(answer.content)
        return found

    def close(self) -> None:
        """The connections are the process's."""
