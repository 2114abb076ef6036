"""Telephone numbers as carriers take them: E.164 (ITU-T E.164; twilio.com/docs/glossary/what-e164)."""

import re

from kernel.errors import HoldfastError

_NOISE = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class BadNumber(HoldfastError):
    """This is no telephone number with its country code."""

    code = "invalid_request"


def phone_number(text: str) -> str:
    """Return "+351912345678" of "+351 912 345 678" or "00351 912-345-678"; raises BadNumber. No country is guessed."""
    bare = _NOISE.sub("", text)
    number = f"+{bare[2:]}" if bare.startswith("00") else bare
    if not _E164.fullmatch(number):
        raise BadNumber("Write the number with its country code, for example +351 912 345 678.")
    return number
