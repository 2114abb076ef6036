"""The signed bytes: RFC 8785, exact above 2^53, and nothing that PostgreSQL or JSON cannot hold."""

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.ledger.canonical import NotCanonical, canonical, digest, exact, genesis

TEXT = st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


def test_the_example_of_rfc_8785() -> None:
    value = json.loads(
        r'{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],'
        r' "string": "\u20ac$\u000F\u000aA\u0027\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}'
    )
    assert canonical(value) == (
        b'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        b'"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


# the machine that runs this may be busy: slow generation is no fault of the ledger's
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES)
def test_canonical_bytes_are_those_of_what_they_say(value: Any) -> None:
    encoded = canonical(exact(value))
    assert canonical(json.loads(encoded)) == encoded


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES)
def test_the_short_way_writes_what_the_reference_writes(value: Any) -> None:
    assert canonical(exact(value)) == rfc8785.dumps(exact(value))


def test_names_sort_by_utf_16_as_the_reference_sorts_them() -> None:
    value = {"\U0001f600": 1, "\ufb33": 2, "a": {"\u20ac": 3, "\r": 4, "\U00010000": 5}}
    assert canonical(value) == rfc8785.dumps(value)
    assert (
        canonical(value)
        != json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    )


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (2**53 - 1, 9007199254740991),
        (2**53, "9007199254740992"),
        (2**53 + 1, "9007199254740993"),
        (-(2**53) - 1, "-9007199254740993"),
        (2**63 - 1, "9223372036854775807"),
        (True, True),
        (float(2**53), "9007199254740992"),
        (1e21, 1e21),
        (0.5, 0.5),
        (-0.0, 0),
    ],
)
def test_integers_beyond_2_53_are_exact_strings(number: float, written: Any) -> None:
    assert exact({"n": [number]}) == {"n": [written]}
    assert json.loads(canonical(exact({"n": number}))) == {"n": written}


def test_canonical_refuses_an_integer_that_it_cannot_write_exactly() -> None:
    with pytest.raises(NotCanonical):
        canonical(2**53 + 1)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical({"x": value})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": ["x\0"]}, r"payload.a\[0\] holds a NUL"),
        ({"a": "\ud800"}, "payload.a holds half a surrogate pair"),
        ({"a": float("inf")}, "payload.a is inf"),
        ({"a": b"x"}, "payload.a is a bytes"),
        ({1: "x"}, "payload has a key that is not a string: 1"),
        ({"a": {1, 2}}, "payload.a is a set"),
    ],
)
def test_exact_says_where_it_is_not_json(value: Any, said: str) -> None:
    with pytest.raises(NotCanonical, match=said):
        exact(value)


def test_hash_is_of_the_domain_and_the_bytes() -> None:
    assert digest(b"{}") == hashlib.sha256(b"holdfast/ledger/v1\n{}").digest()
    assert genesis("t_one") != genesis("t_two")
