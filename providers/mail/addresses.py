"""Which text is one mail address that we send to: stricter than RFC 5321, on purpose, and pure.

`a@x, b@y` is two recipients in some libraries, `a@localhost` and `a@[127.0.0.1]` reach our own machine,
quoted local parts and comments hide both: none of them is an address here.
"""

import re

from providers.protocols import Rejected

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST = 254  # RFC 5321 4.5.3.1.3 with its erratum: a path without the brackets


class BadAddress(Rejected):
    """The text is not one mail address that can be sent to."""

    code = "bad_address"


def check_mail_address(text: str) -> str:
    """Return the address in the form that goes on the wire (domain lower case, IDNA); raises BadAddress."""
    local, at, domain = text.rpartition("@")
    if not at or len(local) > 64 or not _LOCAL.fullmatch(local):
        raise BadAddress("This is not a mail address that we can send to.")
    name = _domain_on_the_wire(domain)
    address = f"{local}@{name}"
    if len(address) > _LONGEST:
        raise BadAddress("This mail address is too long.")
    return address


def _domain_on_the_wire(domain: str) -> str:
    """Return a domain of at least two labels, the last one not a number; raises BadAddress."""
    try:
        name = domain.lower().encode("idna").decode("ascii")
    except (UnicodeError, ValueError):
        name = ""
    labels = name.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise BadAddress("The part after the @ is not a domain that mail can be sent to.")
    return name
