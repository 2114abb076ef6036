"""What changed in a CalDAV calendar: by sync-collection (RFC 6578), else by the collection's tag, else by all etags.

A token of ours says which way it was won: "sync:" and the server's sync-token, "ctag:" and the tag that most servers
without RFC 6578 have (Apple's caldav-ctag extension: it changes when anything in the collection does), or "etags:"
and a digest of every object's address and etag.
"""

import hashlib
from dataclasses import dataclass

from providers.calendars import dav_xml
from providers.calendars.dav_session import DavSession, Refused, plain_address
from providers.calendars.dav_xml import DAV, SERVER, DavResource
from providers.calendars.following import SyncTokenExpired
from providers.protocols import Rejected

_TOKENS = dav_xml.propfind("D:sync-token", "D:supported-report-set", "S:getctag")
_ETAGS = dav_xml.propfind("D:getetag")
_SYNC, _CTAG, _ETAGS_KIND = "sync:", "ctag:", "etags:"
_MOST_PAGES = 20
_TOO_MANY = 507  # RFC 6578, 3.6: on the collection's own address, the answer goes on from its token
_GONE = 404
_REFUSALS = (400, 403, 405, 409, 410, 412, 415, 422)


@dataclass(frozen=True, kw_only=True)
class ChangedHrefs:
    """What changed, by href as the server wrote it: None where it only tells that something did."""

    token: str
    changed: tuple[str, ...] | None = ()
    removed: tuple[str, ...] = ()


def read_token(session: DavSession, url: str) -> str:
    """Return a token for what will have changed after this moment. One request, two where there is no tag.

    A server that has the report has the property (RFC 6578, 4) and lists the report (3.2).
    """
    found = _first(session.resources("PROPFIND", url, body=_TOKENS, depth=0))
    token = found.text(f"{DAV}sync-token")
    reports = found.properties.get(f"{DAV}supported-report-set")
    if token and (reports is None or f"{DAV}sync-collection" in dav_xml.child_names(reports)):
        return f"{_SYNC}{token}"
    tag = found.text(f"{SERVER}getctag")
    return f"{_CTAG}{tag}" if tag else _etags(session, url)


def changed_since(session: DavSession, url: str, token: str) -> ChangedHrefs:
    """Return what changed since the token. Raises SyncTokenExpired, ProviderError. One request a page."""
    if token.startswith(_SYNC):
        return _by_report(session, url, token.removeprefix(_SYNC))
    now = read_token(session, url)
    return ChangedHrefs(token=now, changed=() if now == token else None)


def _by_report(session: DavSession, url: str, token: str) -> ChangedHrefs:
    """Ask with sync-collection, on and on while the server gives a part of the answer (RFC 6578, 3.6).

    A token that it does not take is refused with the precondition DAV:valid-sync-token (3.2), by some servers with
    another status: whatever is wrong with it, the calendar is then read whole, which raises what else there is.
    """
    changed: dict[str, bool] = {}
    for _ in range(_MOST_PAGES):
        try:
            answer = session.multistatus(
                "REPORT", url, body=dav_xml.changes_since(token), depth=0, refusals=_REFUSALS
            )
        except Refused as refused:
            raise SyncTokenExpired from refused
        if not answer.sync_token:
            raise SyncTokenExpired
        members = [each for each in answer.resources if not _is_collection(session, url, each)]
        changed |= {each.href: each.status == _GONE for each in members}
        is_whole = not any(
            each.status == _TOO_MANY for each in answer.resources if _is_collection(session, url, each)
        )
        if is_whole or answer.sync_token == token:
            return ChangedHrefs(
                token=f"{_SYNC}{answer.sync_token}",
                changed=tuple(href for href, is_gone in changed.items() if not is_gone),
                removed=tuple(href for href, is_gone in changed.items() if is_gone),
            )
        token = answer.sync_token
    raise SyncTokenExpired


def _etags(session: DavSession, url: str) -> str:
    found = session.resources("PROPFIND", url, body=_ETAGS, depth=1)
    lines = sorted(
        f"{each.href}\n{each.text(f'{DAV}getetag')}\n"
        for each in found
        if not _is_collection(session, url, each)
    )
    return f"{_ETAGS_KIND}{hashlib.sha256(''.join(lines).encode()).hexdigest()}"


def _is_collection(session: DavSession, url: str, resource: DavResource) -> bool:
    """The collection is no member of itself; some servers list it among the changes."""
    return plain_address(session.absolute(url, resource.href)).rstrip("/") == plain_address(url).rstrip("/")


def _first(resources: tuple[DavResource, ...]) -> DavResource:
    if not resources:
        raise Rejected("The calendar server's answer is empty.")
    return resources[0]
