"""Zoom's addresses. Each handler names the page of its rules, below developers.zoom.us."""

import base64
import re
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.simulators.consent import Consent, Grant
from tests.simulators.vendor import Refused, Reply, Request, Simulator

ACCOUNT, CLIENT, SECRET = "simulated-account", "simulated", "simulated-secret"
_ACTS = ("meeting:write:meeting", "meeting:read:meeting", "meeting:read:list_meetings", "meeting:update:meeting",
         "meeting:delete:meeting", "user:read:user")  # fmt: skip
_SETTINGS = {"approval_type", "meeting_authentication", "join_before_host", "waiting_room", "host_video"}
_FIELDS = {"topic", "agenda", "type", "start_time", "duration", "timezone", "password", "settings"}
_GMT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_EACH_DAY = 100  # docs/api/rate-limits: creating and updating, per user
_PAGE = 300


class ZoomSimulator(Simulator):
    """One Zoom account with its users; the first owns the organisation's app. Tests change it between requests."""

    def __init__(self, users: Sequence[str] = ("ana@zoom.example", "rui@zoom.example")) -> None:
        super().__init__()
        self.users = list(users)
        self.consent = Consent(accounts=self.users, rotates=True)
        self.app_scopes = {f"{act}:admin" for act in _ACTS}
        self.is_activated = True
        self.forces_sign_in = False
        self.listing_lags = 0  # how many lists still miss the newest meeting
        self.meetings: dict[str, dict[str, Any]] = {}
        self.written: Counter[str] = Counter()
        self.revoked: list[str] = []
        self.route("GET", "/oauth/authorize", self._authorize)
        self.route("POST", "/oauth/decide", lambda request: self.consent.decided(request))
        self.route("POST", "/oauth/token", self._token)
        self.route("POST", "/oauth/revoke", self._revoke)
        self.route("GET", "/v2/users/*", self._user)
        self.route("GET", "/v2/users/*/meetings", self._list)
        self.route("POST", "/v2/users/*/meetings", self._create)
        self.route("GET", "/v2/meetings/*", self._get)
        self.route("PATCH", "/v2/meetings/*", self._update)
        self.route("DELETE", "/v2/meetings/*", self._delete)

    # -- what a host does in Zoom's own pages ------------------------------------------------------------

    def live(self) -> list[dict[str, Any]]:
        """Return every meeting that is not deleted."""
        with self.lock:
            return [dict(each) for each in self.meetings.values()]

    def remove(self, remote_id: str) -> None:
        """Delete a meeting as its host would."""
        with self.lock:
            del self.meetings[str(remote_id)]

    def change(self, remote_id: str, **fields: Any) -> None:
        """Change a meeting as its host would."""
        with self.lock:
            self.meetings[str(remote_id)] |= fields

    # -- OAuth: docs/integrations/oauth, docs/internal-apps/s2s-oauth -----------------------------------------

    def _authorize(self, request: Request) -> Reply:
        return self.consent.page(request, title="Zoom", decide="/oauth/decide")

    def _client(self, request: Request) -> str:
        """Return the client that signs in by header; docs/integrations/oauth-error-messages 4702, 4706."""
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if kind != "Basic":
            raise _oauth(400, "invalid_request", "Client ID or client secret is missing")
        client_id, _, secret = base64.b64decode(value).decode().partition(":")
        if self.consent.clients.get(client_id) != secret:
            raise _oauth(400, "invalid_client", "Invalid client_id or client_secret")
        return client_id

    def _token(self, request: Request) -> Reply:
        client_id, form = self._client(request), request.form
        if "client_secret" in form:
            raise _oauth(400, "invalid_request", "Bad Request")
        answer: dict[str, Any] = {
            "token_type": "bearer", "expires_in": int(self.consent.lasts.total_seconds()), "api_url": self.base_url
        }  # fmt: skip
        if form.get("grant_type") == "account_credentials":
            if form.get("account_id") != ACCOUNT or not self.is_activated:
                raise _oauth(400, "invalid_request", "Bad Request")
            grant = Grant(self.users[0], client_id, tuple(sorted(self.app_scopes)))
        elif form.get("grant_type") == "authorization_code":
            grant = self.consent.redeem({**form, "client_id": client_id})
            answer["refresh_token"] = self.consent.new_refresh(grant)
        elif form.get("grant_type") == "refresh_token":
            grant = self.consent.refreshed({**form, "client_id": client_id})
            answer["refresh_token"] = self.consent.new_refresh(grant)
        else:
            raise _oauth(400, "unsupported_grant_type", "unsupported grant type")
        self.consent.grants.append(grant)
        return Reply(
            json={**answer, "access_token": self.consent.new_access(grant), "scope": " ".join(grant.scopes)}
        )

    def _revoke(self, request: Request) -> Reply:
        self._client(request)
        token = request.form.get("token", "")
        grant = self.consent.access_tokens.get(token, (None,))[0]
        if grant is None or not grant.is_alive:
            raise _oauth(400, "invalid_request", "Invalid Token!")
        self.consent.end(grant.account)
        self.revoked.append(grant.account)
        return Reply(json={"status": "success"})

    # -- users and meetings: docs/api/users, docs/api/meetings ------------------------------------------------

    def _user(self, request: Request) -> Reply:
        user = self._whose(request, self._may(request, "user:read:user"))
        return Reply(json={"id": _id_of(user), "email": user, "type": 2, "status": "active"})

    def _create(self, request: Request) -> Reply:
        """ "Create a meeting": 201 with the meeting, its join_url made by Zoom."""
        user = self._whose(request, self._may(request, "meeting:write:meeting"))
        body = _checked(request, is_new=True)
        self._count(user)
        number = str(secrets.randbelow(9 * 10**10) + 10**10)
        self.meetings[number] = {
            "id": int(number),
            "uuid": secrets.token_urlsafe(16),
            "host_id": _id_of(user),
            "host_email": user,
            "status": "waiting",
            "timezone": "UTC",
            "join_url": f"{self.base_url}/j/{number}?pwd={secrets.token_urlsafe(16)}",
            "start_url": f"{self.base_url}/s/{number}?zak={secrets.token_urlsafe(16)}",
            "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **body,
            "settings": {"approval_type": 2, "meeting_authentication": False, **body.get("settings", {})}
            | ({"meeting_authentication": True} if self.forces_sign_in else {}),
        }
        return Reply(status=201, json=self.meetings[number])

    def _list(self, request: Request) -> Reply:
        """ "List meetings": pages, agendas cut at 250 characters; a new meeting may be missing at first."""
        user = self._whose(request, self._may(request, "meeting:read:list_meetings"))
        size = int(request.query.get("page_size", "30"))
        if size > _PAGE or request.query.get("type", "scheduled") not in ("scheduled", "live", "upcoming"):
            raise _error(400, 300, "Validation Failed.")
        found = [each for each in self.meetings.values() if each["host_email"] == user]
        if self.listing_lags > 0 and found:
            self.listing_lags, found = self.listing_lags - 1, found[:-1]
        first = int(request.query.get("next_page_token") or 0)
        shown = [{**each, "agenda": each.get("agenda", "")[:250]} for each in found[first : first + size]]
        token = str(first + size) if len(found) > first + size else ""
        return Reply(json={"page_size": size, "next_page_token": token, "meetings": shown})

    def _get(self, request: Request) -> Reply:
        return Reply(json=self._meeting(request, "meeting:read:meeting"))

    def _update(self, request: Request) -> Reply:
        """ "Update a meeting": 204 without a body; what is not said stays."""
        meeting = self._meeting(request, "meeting:update:meeting")
        body = _checked(request, is_new=False)
        self._count(meeting["host_email"])
        meeting.update(body)
        return Reply(status=204)

    def _delete(self, request: Request) -> Reply:
        """ "Delete a meeting": 204; one that takes place now cannot be (3002)."""
        meeting = self._meeting(request, "meeting:delete:meeting")
        if meeting["status"] == "started":
            raise _error(400, 3002, "Sorry, you cannot delete this meeting since it's in progress.")
        del self.meetings[str(meeting["id"])]
        return Reply(status=204)

    def _may(self, request: Request, act: str) -> Grant:
        """Return who asks; docs/api/errors: 124 a token that is not good, 4711 one without the scope."""
        grant = self.consent.bearer(request)
        if grant is None:
            raise _error(401, 124, "Invalid access token.")
        if not {act, f"{act}:admin"} & set(grant.scopes):
            raise _error(400, 4711, f"Invalid access token, does not contain scopes:[{act}, {act}:admin].")
        return grant

    def _whose(self, request: Request, grant: Grant) -> str:
        """Return the user of the path: "me", or with an admin's scope anybody of the account."""
        wanted = request.match[0]
        user = grant.account if wanted == "me" else wanted
        is_admin = any(scope.endswith(":admin") for scope in grant.scopes)
        if user not in self.users or (user != grant.account and not is_admin):
            raise _error(404, 1001, f"User does not exist: {wanted}.")
        return user

    def _meeting(self, request: Request, act: str) -> dict[str, Any]:
        grant, number = self._may(request, act), request.match[0]
        found = self.meetings.get(number)
        is_admin = any(scope.endswith(":admin") for scope in grant.scopes)
        if found is None or (found["host_email"] != grant.account and not is_admin):
            raise _error(404, 3001, f"Meeting does not exist: {number}.")
        return found

    def _count(self, user: str) -> None:
        self.written[user] += 1
        if self.written[user] > _EACH_DAY:
            words = "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests."
            raise _error(429, 429, words, **{"Retry-After": "43200"})


def _checked(request: Request, *, is_new: bool) -> dict[str, Any]:
    """Return a body that Zoom takes: known fields, a start in GMT, whole minutes."""
    try:
        body = request.json()
    except ValueError:
        raise _error(400, 300, "Request Body should be a valid JSON object.") from None
    if not isinstance(body, dict) or body.keys() - _FIELDS or body.get("settings", {}).keys() - _SETTINGS:
        raise _error(400, 300, "Validation Failed.")
    if is_new and (body.get("type") != 2 or not body.get("topic") or "start_time" not in body):
        raise _error(400, 300, "Validation Failed.")
    if "start_time" in body and not _GMT.fullmatch(str(body["start_time"])):
        raise _error(400, 300, "Invalid field start_time.")
    minutes = body.get("duration", 60)
    if not isinstance(minutes, int) or not 1 <= minutes <= 1440:
        raise _error(400, 300, "Invalid field duration.")
    if len(body.get("topic", "")) > 200 or len(body.get("agenda", "")) > 2000:
        raise _error(400, 300, "Validation Failed.")
    return body


def _id_of(user: str) -> str:
    return base64.urlsafe_b64encode(user.encode()).decode().rstrip("=")[:22]


def _error(status: int, code: int, message: str, **headers: str) -> Refused:
    return Refused(Reply(status=status, json={"code": code, "message": message}, headers=headers))


def _oauth(status: int, error: str, reason: str) -> Refused:
    return Refused(Reply(status=status, json={"reason": reason, "error": error}))
