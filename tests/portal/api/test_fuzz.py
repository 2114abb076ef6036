"""Whatever is sent, nothing that a user can cause is a 500."""

from typing import Any

from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from tests.portal.api.asking import at, body, open_monday, read, send

DAY = open_monday().isoformat()


@examples(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
@given(
    query=st.dictionaries(
        st.sampled_from(["event_type", "start", "end", "time_zone", "host", "explain", "x", "\x00"]),
        st.text(max_size=12)
        | st.sampled_from(["intro-call", DAY, "2099-12-31", "2000-01-01", "UTC", "ana", "1"]),
        max_size=6,
    )
)
def test_no_query_is_a_500(acme: Client, settings: Settings, query: dict[str, str]) -> None:
    settings.HOLDFAST_PUBLIC_RATE = False
    assert acme.get("/api/v1/slots", query).status_code in (200, 400, 404)


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@examples(suppress_health_check=list(HealthCheck), deadline=None, max_examples=80)
@given(
    change=st.dictionaries(
        st.sampled_from(["event_type", "start", "time_zone", "attendee", "guests", "answers", "host", "x"]),
        _json
        | st.sampled_from(["site-visit", "2099-12-31T23:59:59-14:00", "UTC", "ana"])
        | st.fixed_dictionaries({"name": st.text(max_size=130), "email": st.text(max_size=20) | st.emails()}),
        max_size=3,
    ),
    key=st.none() | st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=8),
)
def test_no_body_is_a_500(acme: Client, settings: Settings, change: dict[str, Any], key: str | None) -> None:
    settings.HOLDFAST_PUBLIC_RATE = False
    headers = {} if key is None else {"Idempotency-Key": key}
    response = send(acme, "/api/v1/bookings", {**body(at(10)), **change}, headers=headers)
    assert response.status_code in (201, 400, 404, 409, 413, 422)


@examples(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
@given(content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_bytes_are_a_500(acme: Client, settings: Settings, content: bytes) -> None:
    settings.HOLDFAST_PUBLIC_RATE = False
    response = acme.post("/api/v1/bookings", data=content, content_type="application/json")
    assert (response.status_code, read(response)["code"]) == (400, "invalid_request")
