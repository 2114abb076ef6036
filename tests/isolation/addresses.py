"""Every address that the URL configurations know, found by walking them; nobody keeps a list by hand."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

CONFIGURATIONS = {
    "business": "holdfast.urls.business",
    "staff": "holdfast.urls.staff",
    "process": "holdfast.urls.process",
}


@dataclass(frozen=True, order=True)
class Address:
    """One URL pattern: the kind of host it is served at, its name with namespaces, its route for people."""

    site: str
    name: str
    route: str


def every_address() -> list[Address]:
    """Return all addresses of all three configurations; a pattern without a name is an error."""
    found = [
        address
        for site, urlconf in CONFIGURATIONS.items()
        for address in _walk(site, get_resolver(urlconf).url_patterns, "", "")
    ]
    return sorted(set(found))


def _walk(site: str, patterns: list[URLPattern | URLResolver], spaces: str, route: str) -> Iterator[Address]:
    for pattern in patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{spaces}{pattern.namespace}:" if pattern.namespace else spaces
            yield from _walk(site, pattern.url_patterns, inner, here)
        else:
            assert pattern.name, f"{site}: the address /{here} has no name"
            yield Address(site, f"{spaces}{pattern.name}", here)
