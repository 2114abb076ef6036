"""A link that the business gave itself (its own video room): the same for every meeting, tried before each.

What counts as proof: the address answers over https with a status below 400 within the time limit. A redirect
counts and is not followed: sign-in pages of video services are reached by one. That the right people are let
in is the business's matter; a link that is gone (404, 410), broken (5xx) or silent is not joinable.
"""

from datetime import datetime
from urllib.parse import urlsplit

import httpx

from kernel.http import ForbiddenAddress, HttpError, guarded_client
from providers.protocols import MeetingLink, MeetingRequest, NotJoinable, Proof, Rejected

TIMEOUT_SECONDS = 8.0
_NO_HEAD = (400, 403, 404, 405, 501)  # what servers say that know no HEAD, or do not like it


class FixedLink:
    """The link of `location_detail`. It is never made and never taken back."""

    kind = "fixed_link"
    has_link = True

    def create(self, request: MeetingRequest, *, now: datetime) -> MeetingLink:  # noqa: ARG002 - the protocol's
        """Return the configured link; raises Rejected when it is no https address."""
        return MeetingLink(kind=self.kind, key=request.key, url=check_link(request.location_detail))

    def find(self, key: str) -> MeetingLink | None:  # noqa: ARG002 - the protocol's signature
        """Return None: a fixed link is known by its event type, not by a key."""
        return None

    def prove(self, link: MeetingLink, request: MeetingRequest, *, now: datetime) -> Proof:  # noqa: ARG002
        """Ask for the page; raises NotJoinable with the reason in words."""
        try:
            status = _status(link.url)
        except ForbiddenAddress as error:
            raise NotJoinable(f"The meeting link cannot be used: {error.message}") from error
        except HttpError as error:
            raise NotJoinable(f"The meeting link does not answer: {error.message}", transient=True) from error
        if status >= 400:
            raise NotJoinable(f"The meeting link answers with error {status}.", transient=status >= 500)
        return Proof(checked_at=now, url=link.url, evidence={"kind": self.kind, "status": status})

    def cancel(self, key: str, *, now: datetime) -> bool:  # noqa: ARG002 - the protocol's signature
        """Nothing was made, so nothing is taken back."""
        return False

    def is_of_host(self, key: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """Return False: whoever hosts, it is the event type's."""
        return False


def try_link(url: str) -> str:
    """Return "" when the address answers as a meeting link should, otherwise why not, in words.

    Asks it over HTTP, at most twice eight seconds; never called inside a transaction.
    """
    try:
        status = _status(check_link(url))
    except HttpError as error:
        return error.message
    return f"It answers with error {status}." if status >= 400 else ""


def _status(url: str) -> int:
    """Return the status of HEAD, or of GET where HEAD is refused; the body is never read."""
    with guarded_client(timeout_seconds=TIMEOUT_SECONDS) as client:
        status = _status_of(client, "HEAD", url)
        return _status_of(client, "GET", url) if status in _NO_HEAD else status


def _status_of(client: httpx.Client, method: str, url: str) -> int:
    with client.stream(method, url) as answer:
        return answer.status_code


def check_link(text: str) -> str:
    """Return `text` as an https address without credentials; raises Rejected."""
    url = text.strip()
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and not parts.username and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise Rejected("The meeting link must be an address that starts with https://.")
    return url
