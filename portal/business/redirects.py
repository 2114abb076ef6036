"""The answer to a POST that worked: 303, so that a reload shows the result and does not act again."""

from django.http import HttpResponseRedirect
from django.urls import reverse


class SeeOther(HttpResponseRedirect):
    """Go and look at the result with GET (RFC 9110 section 15.4.4)."""

    status_code = 303


def see_other(name: str, **parts: object) -> SeeOther:
    """Return the redirect to the page called `name`."""
    return SeeOther(reverse(name, kwargs=parts))
