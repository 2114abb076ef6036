"""Absolute links in account mails; the floor above, which knows the tenants' domains, says how they begin."""

from collections.abc import Callable

from kernel.errors import Misconfigured

_builders: list[Callable[[str], str]] = []


def register_link_builder(builder: Callable[[str], str]) -> None:
    """Make `builder(path)` the maker of absolute links in the current tenant; called once, at start-up."""
    _builders[:] = [builder]


def absolute_link(path: str) -> str:
    """Return the absolute address of `path` ("/…") at the current tenant; never read from a request.

    Raises Misconfigured when nothing was registered: better no mail than a link that an attacker chose.
    """
    if not _builders:
        raise Misconfigured("No link builder is registered, so account mails cannot carry links.")
    return _builders[0](path)
