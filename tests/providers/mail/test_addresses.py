"""One address is one recipient, and no text becomes two or reaches our own machine."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from providers.mail.addresses import BadAddress, check_mail_address

REFUSED = [
    "",
    "@",
    "a",
    "a@",
    "@example.org",
    "a@localhost",
    "a@[127.0.0.1]",
    "a@127.0.0.1",
    "a@[IPv6:::1]",
    "a@x.org,b@y.org",
    "a@x.org, b@y.org",
    "a@x.org;b@y.org",
    "a@x.org b@y.org",
    "a,b@x.org",
    "<a@x.org>",
    "A <a@x.org>",
    '"a b"@x.org',
    '"a@x.org,b"@y.org',
    "a(comment)@x.org",
    "a@x.org\r\nRCPT TO:<b@y.org>",
    "a\r\n@x.org",
    "a@x.org\n",
    "a@x.org\x00",
    "a\x00@x.org",
    "a@@x.org",
    ".a@x.org",
    "a.@x.org",
    "a..b@x.org",
    "a@-x.org",
    "a@x-.org",
    "a@x..org",
    "a@x.org.",
    "a@x.1",
    "ä@x.org",
    "a@x_y.org",
    f"{'a' * 65}@x.org",
    f"a@{'x' * 64}.org",
    f"a@{'.'.join(['x' * 60] * 5)}.org",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_one_plain_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        check_mail_address(text)


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("ben@example.org", "ben@example.org"),
        ("Ben.O'Hara+tag@Example.ORG", "Ben.O'Hara+tag@example.org"),
        ("a@münchen.example", "a@xn--mnchen-3ya.example"),
        ("a@sub.acme.localhost", "a@sub.acme.localhost"),
        (f"{'a' * 64}@x.org", f"{'a' * 64}@x.org"),
    ],
)
def test_a_plain_address_comes_back_as_it_goes_on_the_wire(text: str, wire: str) -> None:
    assert check_mail_address(text) == wire


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.text(max_size=60), st.emails(), st.from_regex(r"[ -~]{0,12}@[ -~]{0,12}\.[a-z,@]{0,5}")))
@example("a@x.org%0d%0a")
def test_what_passes_can_stand_alone_in_an_envelope_and_a_header(text: str) -> None:
    try:
        wire = check_mail_address(text)
    except BadAddress:
        return
    assert wire.count("@") == 1
    assert wire.isascii()
    assert wire.isprintable()
    assert not set(wire) & set(' ,;:<>()[]"\\')
    assert check_mail_address(wire) == wire
