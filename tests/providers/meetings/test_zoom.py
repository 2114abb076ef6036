"""Zoom over its API: made once whatever is lost, moved, proven, deleted; both kinds of connection."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from providers.api import (
    MeetingLink,
    MeetingRequest,
    ProviderError,
    WrongSetting,
    disconnect_zoom_account,
    forget_zoom,
    meeting_provider,
    try_zoom,
)
from providers.models import OAuthAccount, ZoomApp, ZoomMeeting
from providers.protocols import NotJoinable, RateLimited, Rejected, Unauthorised, Unreachable
from tests.database import World
from tests.providers.conftest import OWNER
from tests.providers.meetings.conftest import connect_host, connect_organisation, organisation
from tests.providers.meetings.conftest import zoom as zoom
from tests.simulators.vendor import Reply
from tests.simulators.zoom import ZoomSimulator

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
PROVIDER = meeting_provider("zoom")
ASKED = MeetingRequest(
    key="m1-0",
    meeting_uid="m1",
    title="Intro call",
    starts_at=NOW + timedelta(days=1),
    ends_at=NOW + timedelta(days=1, minutes=30),
    host_ids=(7,),
    host_addresses=("rui@zoom.example",),
)


@pytest.fixture
def acme(world: World, zoom: ZoomSimulator) -> Iterator[ZoomSimulator]:
    """Acme with its organisation's app connected; Zoom knows the host's address."""
    with world.enter("acme"):
        connect_organisation()
        yield zoom


def made(request: MeetingRequest = ASKED) -> MeetingLink:
    return PROVIDER.create(request, now=NOW)


def test_a_meeting_is_made_for_the_host_whom_the_account_knows_and_is_proven(acme: ZoomSimulator) -> None:
    link = made()
    (meeting,) = acme.live()
    assert (meeting["host_email"], meeting["topic"], meeting["duration"]) == (
        "rui@zoom.example",
        "Intro call",
        30,
    )
    assert (link.url, meeting["start_time"]) == (meeting["join_url"], "2026-12-02T09:00:00Z")
    proof = PROVIDER.prove(link, ASKED, now=NOW)
    assert (proof.url, proof.evidence["status"]) == (link.url, "waiting")
    assert made() == link
    assert len(acme.live()) == 1


def test_a_host_whom_the_account_does_not_know_is_stood_in_for(acme: ZoomSimulator) -> None:
    made(replace(ASKED, host_addresses=("nobody@acme.example",)))
    assert [each["host_email"] for each in acme.live()] == ["ana@zoom.example"]
    assert ZoomMeeting.objects.get().user == "me"


def test_an_answer_that_got_lost_is_looked_up_and_nothing_is_made_twice(acme: ZoomSimulator) -> None:
    acme.fail("POST /v2/users", after=True, drop=True)
    with pytest.raises(Unreachable):
        made()
    assert made().url == acme.live()[0]["join_url"]
    assert (len(acme.live()), acme.asked("POST /v2/users")) == (1, 1)


def test_a_lost_refusal_of_an_unknown_host_is_followed_by_the_stand_in(acme: ZoomSimulator) -> None:
    acme.fail("POST /v2/users", after=True, drop=True)
    wanted = replace(ASKED, host_addresses=("nobody@acme.example",))
    with pytest.raises(Unreachable):
        made(wanted)
    made(wanted)
    assert [each["host_email"] for each in acme.live()] == ["ana@zoom.example"]


def test_what_was_never_made_is_asked_for_again_after_a_look(acme: ZoomSimulator) -> None:
    acme.fail("POST /v2/users", reply=Reply(status=500, json={"code": 500, "message": "Internal"}))
    with pytest.raises(Unreachable):
        made()
    made()
    asked = (acme.asked("POST /v2/users"), acme.asked("GET /v2/users/rui@zoom.example/meetings"))
    assert (*asked, len(acme.live())) == (2, 1, 1)


def test_a_half_made_meeting_is_deleted_when_it_is_cancelled(acme: ZoomSimulator) -> None:
    acme.fail("POST /v2/users", after=True, drop=True)
    with pytest.raises(Unreachable):
        made()
    assert PROVIDER.cancel(ASKED.key, now=NOW) is True
    assert acme.live() == []
    assert PROVIDER.cancel(ASKED.key, now=NOW) is False


def test_a_move_keeps_the_meeting_and_its_link_and_the_old_key_goes(acme: ZoomSimulator) -> None:
    link = made()
    later = replace(
        ASKED, key="m1-m9", starts_at=NOW + timedelta(days=2), ends_at=NOW + timedelta(days=2, hours=1)
    )
    moved = made(later)
    (meeting,) = acme.live()
    assert (moved.url, meeting["start_time"], meeting["duration"]) == (link.url, "2026-12-03T09:00:00Z", 60)
    assert PROVIDER.prove(link, ASKED, now=NOW).url == PROVIDER.prove(moved, later, now=NOW).url
    PROVIDER.cancel(ASKED.key, now=NOW)
    assert acme.live()[0]["start_time"] == "2026-12-03T09:00:00Z"
    PROVIDER.cancel(later.key, now=NOW)
    assert acme.live() == []


def test_a_move_that_failed_gives_the_meeting_its_old_time_back(acme: ZoomSimulator) -> None:
    made()
    later = replace(
        ASKED, key="m1-m9", starts_at=NOW + timedelta(days=2), ends_at=NOW + timedelta(days=2, hours=1)
    )
    acme.fail("PATCH /v2/meetings", after=True, drop=True, times=3)
    with pytest.raises(Unreachable):
        made(later)
    PROVIDER.cancel(later.key, now=NOW)
    assert [(each["start_time"], each["duration"]) for each in acme.live()] == [("2026-12-02T09:00:00Z", 30)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"agenda": "Somebody else’s"}, "is not the one that was made"),
        ({"type": 8}, "is not the one that was made"),
        ({"start_time": "2026-12-02T10:00:00Z"}, "at another time"),
        ({"join_url": "http://127.0.0.1:1/j/1"}, "another link"),
        ({"settings": {"approval_type": 0}}, "register"),
        ({"settings": {"meeting_authentication": True}}, "signed in"),
    ],
)
def test_what_would_not_let_people_in_is_no_proof(
    acme: ZoomSimulator, changes: dict[str, object], words: str
) -> None:
    link = made()
    acme.change(str(acme.live()[0]["id"]), **changes)
    with pytest.raises(NotJoinable, match=words):
        PROVIDER.prove(link, ASKED, now=NOW)


def test_a_meeting_that_its_host_deleted_is_no_proof_and_is_made_anew_by_the_same_key(
    acme: ZoomSimulator,
) -> None:
    link = made()
    acme.remove(str(acme.live()[0]["id"]))
    with pytest.raises(NotJoinable, match="gone from Zoom"):
        PROVIDER.prove(link, ASKED, now=NOW)
    again = made()
    assert again.url != link.url
    assert PROVIDER.prove(again, ASKED, now=NOW).url == acme.live()[0]["join_url"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=401, json={"code": 124, "message": "Invalid access token."}), Unauthorised),
        (Reply(status=400, json={"code": 4711, "message": "does not contain scopes"}), Unauthorised),
        (Reply(status=400, json={"code": 300, "message": "Validation Failed."}), Rejected),
        (Reply(status=403, json={"code": 3, "message": "Forbidden"}), Rejected),
        (
            Reply(status=429, json={"code": 429, "message": "limit"}, headers={"Retry-After": "43200"}),
            RateLimited,
        ),
        (Reply(status=200, body="<html>a portal</html>"), Unreachable),
    ],
)
def test_what_zoom_says_is_one_of_the_four(
    acme: ZoomSimulator, reply: Reply, error: type[ProviderError]
) -> None:
    acme.fail("POST /v2/users", reply=reply, times=5)
    with pytest.raises(error):
        made()
    assert acme.live() == []


def test_a_token_is_asked_for_once_and_again_when_it_is_over(acme: ZoomSimulator) -> None:
    link = made()
    PROVIDER.prove(link, ASKED, now=NOW)
    assert acme.asked("POST /oauth/token") == 1
    acme.consent.expire_access_tokens()
    PROVIDER.prove(link, ASKED, now=NOW)
    assert acme.asked("POST /oauth/token") == 2


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"account_id": "wrong"}, "account_id"),
        ({"client_id": "wrong"}, "client_secret"),
        ({"secret": "wrong"}, "client_secret"),
        ({"user": "nobody@zoom.example"}, "user"),
    ],
)
def test_the_test_names_the_setting_that_is_wrong(
    acme: ZoomSimulator, changes: dict[str, str], setting: str
) -> None:
    try_zoom(organisation())
    with pytest.raises(WrongSetting) as caught:
        try_zoom(organisation(**changes))
    assert caught.value.setting == setting


def test_the_test_names_the_scopes_that_are_missing(acme: ZoomSimulator) -> None:
    acme.app_scopes.discard("meeting:delete:meeting:admin")
    with pytest.raises(WrongSetting, match=r"meeting:delete:meeting:admin\. Add"):
        try_zoom(organisation())


def test_a_hosts_own_account_comes_first_and_disconnecting_revokes_it(acme: ZoomSimulator) -> None:
    connect_host(acme, 7)
    link = made()
    assert [each["host_email"] for each in acme.live()] == ["ana@zoom.example"]
    assert disconnect_zoom_account(7, actor=OWNER) == "revoked"
    assert (acme.revoked, OAuthAccount.objects.count()) == (["ana@zoom.example"], 0)
    with pytest.raises(Unauthorised, match="disconnected"):
        PROVIDER.prove(link, ASKED, now=NOW)


def test_a_hosts_token_is_renewed_with_the_refresh_token_that_came_last(acme: ZoomSimulator) -> None:
    connect_host(acme, 7)
    link = made()
    for _ in range(2):
        acme.consent.expire_access_tokens()
        PROVIDER.prove(link, ASKED, now=NOW)
    assert OAuthAccount.objects.get().version == 3


def test_what_was_not_wholly_allowed_is_given_back(
    acme: ZoomSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        acme.consent, "new_access", lambda grant: (setattr(grant, "scopes", grant.scopes[:2]), "short")[1]
    )
    with pytest.raises(Unauthorised, match="did not allow"):
        connect_host(acme, 7)
    assert OAuthAccount.objects.count() == 0


def test_without_a_connection_nothing_is_asked(acme: ZoomSimulator) -> None:
    forget_zoom(actor=OWNER)
    with pytest.raises(Rejected, match="Zoom is not connected"):
        made()
    assert (ZoomApp.objects.count(), acme.log) == (0, [])
