"""What is sent again and what is not, how long a provider is left alone, and that connections are kept."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from kernel.breaker import FAILURES, REST_SECONDS, Breaker
from kernel.calling import Caller, Resting
from kernel.http import HttpError, TooLarge, guarded_client
from tests.simulators.http import Answer, Seen, Site, http_site

GOOGLE = ("google", "acme")


class Clock:
    """Monotonic seconds that only move when told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    with http_site() as running:
        settings.HOLDFAST_HTTP_ALLOW = (running.address,)
        yield running


def caller(breaker: Breaker | None = None, **changes: object) -> tuple[Caller, list[float]]:
    slept: list[float] = []
    breaker = breaker or Breaker()
    return Caller(provider="google", breaker=breaker, sleep=slept.append, **changes), slept  # type: ignore[arg-type]


def answers(*given: Answer) -> object:
    """Answer each request with the next of the given, and with the last from then on."""
    left = list(given)
    return lambda _seen: left.pop(0) if len(left) > 1 else left[0]


def test_reading_is_tried_again_until_it_works(site: Site) -> None:
    site.answer = answers(Answer(status=502), Answer(status=500), Answer(body=b"yes"))  # type: ignore[assignment]
    call, slept = caller()
    assert call.send("GET", site.url(), schema="acme").text == "yes"
    assert (len(site.seen), len(slept)) == (3, 2)


def test_a_third_failure_is_the_answer(site: Site) -> None:
    site.answer = answers(Answer(status=503))  # type: ignore[assignment]
    call, _ = caller()
    assert call.send("GET", site.url(), schema="acme").status_code == 503
    assert len(site.seen) == 3


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_change_that_failed_is_sent_once(method: str, site: Site) -> None:
    site.answer = answers(Answer(status=500))  # type: ignore[assignment]
    call, _ = caller()
    assert call.send(method, site.url(), json={"a": 1}, schema="acme").status_code == 500
    assert len(site.seen) == 1


def test_a_change_that_got_no_answer_is_sent_once(site: Site) -> None:
    site.answer = answers(Answer(raw=b"rubbish\r\n\r\n"))  # type: ignore[assignment]
    call, _ = caller()
    with pytest.raises(HttpError) as caught:
        call.send("POST", site.url(), json={}, schema="acme")
    assert (caught.value.may_have_acted, len(site.seen)) == (True, 1)


def test_a_change_with_its_own_key_is_sent_again(site: Site) -> None:
    site.answer = answers(Answer(status=500), Answer(status=201))  # type: ignore[assignment]
    call, _ = caller()
    answer = call.send("POST", site.url(), json={}, is_repeatable=True, schema="acme")
    assert (answer.status_code, [seen.body for seen in site.seen]) == (201, [b"{}", b"{}"])


def test_a_change_that_never_left_is_sent_again(site: Site) -> None:
    tried: list[int] = []

    def resolver(_host: str, _port: int) -> list[str]:
        tried.append(1)
        raise OSError("no such name")

    call, slept = caller()
    with pytest.MonkeyPatch.context() as patch:
        client = guarded_client(resolver=resolver)
        patch.setattr("kernel.calling._client", lambda _allowed: client)
        with pytest.raises(HttpError):
            call.send("POST", "https://calendar.example/", json={}, schema="acme")
    assert (len(tried), len(slept)) == (3, 2)


def test_retry_after_that_fits_is_waited_for_by_changes_too(site: Site) -> None:
    site.answer = answers(Answer(status=429, headers={"Retry-After": "0"}), Answer(status=200))  # type: ignore[assignment]
    call, slept = caller()
    assert call.send("POST", site.url(), json={}, schema="acme").status_code == 200
    assert slept == [0.0]


def test_retry_after_that_does_not_fit_is_kept_for_that_account_alone(site: Site) -> None:
    site.answer = answers(Answer(status=429, headers={"Retry-After": "60"}), Answer(status=200))  # type: ignore[assignment]
    clock = Clock()
    call, slept = caller(Breaker(now=clock))
    assert call.send("GET", site.url(), account="ana", schema="acme").status_code == 429
    with pytest.raises(Resting) as caught:
        call.send("GET", site.url(), account="ana", schema="acme")
    assert (caught.value.is_asked, caught.value.retry_after, slept) == (True, 60.0, [])
    assert call.send("GET", site.url(), account="ben", schema="acme").status_code == 200
    clock.seconds += 61
    assert call.send("GET", site.url(), account="ana", schema="acme").status_code == 200


def test_five_failures_open_the_circuit_of_this_tenant_and_one_try_closes_it(site: Site) -> None:
    site.answer = answers(Answer(status=500))  # type: ignore[assignment]
    clock = Clock()
    breaker = Breaker(now=clock)
    call, _ = caller(breaker)
    for _ in range(FAILURES):
        call.send("POST", site.url(), json={}, schema="acme")
    with pytest.raises(Resting) as caught:
        call.send("POST", site.url(), json={}, schema="acme")
    assert (caught.value.may_have_acted, len(site.seen)) == (False, FAILURES)
    site.answer = answers(Answer())  # type: ignore[assignment]
    assert call.send("GET", site.url(), schema="northwind").status_code == 200
    clock.seconds += REST_SECONDS + 1
    breaker.check(GOOGLE, "")  # the one that is let through; until its answer the others wait
    with pytest.raises(Resting):
        call.send("GET", site.url(), schema="acme")
    breaker.worked(GOOGLE)
    assert call.send("GET", site.url(), schema="acme").status_code == 200


def test_an_answer_of_any_other_kind_closes_the_count(site: Site) -> None:
    breaker = Breaker()
    call, _ = caller(breaker)
    for status in (500, 500, 500, 500, 404, 500, 500, 500, 500):
        site.answer = answers(Answer(status=status))  # type: ignore[assignment]
        call.send("POST", site.url(), json={}, schema="acme")
    assert len(site.seen) == 9


def test_connections_are_kept_and_cookies_are_not(site: Site) -> None:
    ports: set[str] = set()

    def answer(seen: Seen) -> Answer:
        ports.add(seen.headers["x-peer-port"])
        return Answer(headers={"Set-Cookie": "who=ana; Path=/"})

    site.answer = answer
    call, _ = caller()
    for _ in range(4):
        call.send("GET", site.url(), schema="acme")
    assert (len(ports), [seen.headers.get("cookie") for seen in site.seen]) == (1, [None] * 4)


def test_a_kept_connection_has_a_new_deadline_for_each_request(site: Site) -> None:
    with guarded_client(timeout_seconds=0.6) as client:
        for _ in range(3):
            site.answer = answers(Answer(body=b"ok", delay_seconds=0.3))  # type: ignore[assignment]
            assert client.get(site.url()).text == "ok"
    assert len({seen.headers["x-peer-port"] for seen in site.seen}) == 1


def test_an_answer_that_is_too_large_is_cut_and_its_connection_is_not_used_again(site: Site) -> None:
    site.answer = answers(Answer(body=b"x" * 200_000), Answer(body=b"ok"))  # type: ignore[assignment]
    with guarded_client(max_bytes=100_000) as client:
        with pytest.raises(TooLarge):
            client.get(site.url())
        assert client.get(site.url()).text == "ok"
    assert len({seen.headers["x-peer-port"] for seen in site.seen}) == 2
