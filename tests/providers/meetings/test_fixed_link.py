"""A fixed link counts as joinable when it answers over https without an error; in person needs no link."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kernel.http import guarded_client
from providers.api import (
    MeetingLink,
    MeetingRequest,
    NotJoinable,
    Proof,
    Rejected,
    UnknownLocationKind,
    meeting_provider,
)
from tests.simulators.certificates import certificate
from tests.simulators.http import Answer, Seen, Site, http_site

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
LINKS = meeting_provider("fixed_link")


@pytest.fixture
def site(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    pem, server = certificate(tmp_path, "127.0.0.1")
    trusted = ssl.create_default_context(cafile=str(pem))
    monkeypatch.setattr(
        "providers.meetings.fixed_link.guarded_client",
        lambda timeout_seconds: guarded_client(timeout_seconds=0.5, verify=trusted),
    )
    with http_site(tls=server) as running:
        settings.HOLDFAST_HTTP_ALLOW = (running.address,)
        yield running


def test_the_configured_link_is_returned_and_proven_by_its_status(site: Site) -> None:
    url = site.url("/j/1?pwd=x").replace("http:", "https:")
    link = LINKS.create(_request(f" {url} "), now=NOW)
    assert link == MeetingLink(kind="fixed_link", key="k", url=url)
    assert LINKS.prove(link, _request(url), now=NOW) == Proof(
        checked_at=NOW, url=url, evidence={"kind": "fixed_link", "status": 200}
    )
    assert [(seen.method, seen.path) for seen in site.seen] == [("HEAD", "/j/1?pwd=x")]
    assert (LINKS.find("k"), LINKS.cancel("k", now=NOW)) == (None, False)


def test_a_redirect_to_a_sign_in_page_counts_and_is_not_followed(site: Site) -> None:
    site.answer = lambda seen: Answer(status=302, headers={"Location": "http://169.254.169.254/"})
    assert _prove(site).evidence == {"kind": "fixed_link", "status": 302}
    assert len(site.seen) == 1


@pytest.mark.parametrize("status", [403, 404, 405, 501])
def test_a_server_that_knows_no_head_is_asked_by_get(site: Site, status: int) -> None:
    def answer(seen: Seen) -> Answer:
        return Answer(status=status) if seen.method == "HEAD" else Answer(body=b"x" * 3_000_000)

    site.answer = answer
    assert _prove(site).evidence == {"kind": "fixed_link", "status": 200}
    assert [seen.method for seen in site.seen] == ["HEAD", "GET"]


@pytest.mark.parametrize(("status", "transient"), [(404, False), (410, False), (401, False), (500, True)])
def test_an_error_is_not_joinable(site: Site, status: int, transient: bool) -> None:
    site.answer = lambda seen: Answer(status=status)
    with pytest.raises(NotJoinable) as refused:
        _prove(site)
    assert refused.value.message == f"The meeting link answers with error {status}."
    assert refused.value.is_transient is transient


def test_silence_and_a_private_address_are_not_joinable(site: Site, settings: Any) -> None:
    site.answer = lambda seen: Answer(delay_seconds=1)
    with pytest.raises(NotJoinable) as silent:
        _prove(site)
    settings.HOLDFAST_HTTP_ALLOW = ()
    with pytest.raises(NotJoinable) as private:
        _prove(site)
    assert silent.value.message == "The meeting link does not answer: It did not answer in time."
    assert private.value.message == (
        "The meeting link cannot be used: 127.0.0.1 is not a public address on the internet."
    )
    assert (silent.value.is_transient, private.value.is_transient) == (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "zoom",
        "http://example.org/",
        "https://",
        "https://u:p@example.org/",
        "https://a b/",
        "https://x/\r\nA:b",
        "https://[::1",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_https_link_is_rejected(text: str) -> None:
    with pytest.raises(Rejected):
        LINKS.create(_request(text), now=NOW)


@pytest.mark.parametrize("kind", ["in_person", "phone"])
def test_without_a_link_there_is_nothing_to_prove_or_to_take_back(kind: str) -> None:
    provider = meeting_provider(kind)
    link = provider.create(_request("Rua 1"), now=NOW)
    assert link == MeetingLink(kind=kind, key="k", url="") == provider.find("k")
    assert provider.prove(link, _request("Rua 1"), now=NOW) == Proof(
        checked_at=NOW, url="", evidence={"kind": kind, "proven": False}
    )
    assert (provider.kind, provider.has_link, provider.cancel("k", now=NOW)) == (kind, False, False)


def test_an_unknown_kind_has_no_provider() -> None:
    with pytest.raises(UnknownLocationKind):
        meeting_provider("carrier_pigeon")


def _prove(site: Site) -> Proof:
    url = site.url("/j").replace("http:", "https:")
    return LINKS.prove(LINKS.create(_request(url), now=NOW), _request(url), now=NOW)


def _request(detail: str) -> MeetingRequest:
    return MeetingRequest(
        key="k",
        meeting_uid="m",
        title="Intro call",
        starts_at=datetime(2026, 11, 3, 14, 30, tzinfo=UTC),
        ends_at=datetime(2026, 11, 3, 15, 0, tzinfo=UTC),
        location_detail=detail,
    )
