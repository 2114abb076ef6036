"""WebDAV's XML in both directions: request bodies as text, a 207 answer as values. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.sax.saxutils import escape

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"
SERVER = "{http://calendarserver.org/ns/}"
_XML = '<?xml version="1.0" encoding="utf-8"?>'
_NAMESPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/"'


class RubbishXml(Exception):
    """The answer is not a WebDAV multistatus document."""


@dataclass(frozen=True)
class DavResource:
    """One resource of a 207 answer (RFC 4918, 14.24).

    `href` is as the server wrote it; `properties` holds those that were found (status 200), so none for a
    resource that has only a status of its own, which is `status` (0 where it has none).
    """

    href: str
    properties: dict[str, ElementTree.Element] = field(default_factory=dict)
    status: int = 0

    def text(self, name: str) -> str:
        """Return the text of a property, "" where it is absent or empty."""
        element = self.properties.get(name)
        return (element.text or "").strip() if element is not None else ""

    def hrefs(self, name: str) -> tuple[str, ...]:
        """Return the DAV:href values inside a property."""
        element = self.properties.get(name)
        if element is None:
            return ()
        return tuple((href.text or "").strip() for href in element.iter(f"{DAV}href") if href.text)


class _NoDoctype(ElementTree.TreeBuilder):
    """A tree builder that refuses document types: no entities, so neither bombs nor files (XXE)."""

    def doctype(self, name: str, pubid: str, system: str) -> None:  # noqa: ARG002 - the parser's signature
        raise RubbishXml("The answer declares a document type.")


@dataclass(frozen=True)
class Multistatus:
    """A 207 answer: its resources, and the token of a sync-collection REPORT (RFC 6578, 6.4), "" elsewhere."""

    resources: tuple[DavResource, ...]
    sync_token: str = ""


def read_multistatus(body: bytes) -> Multistatus:
    """Return what a 207 body says (RFC 4918, 13). Raises RubbishXml; a truncated body is rubbish."""
    try:
        parser = ElementTree.XMLParser(target=_NoDoctype())  # noqa: S314 - no document type, so no entities
        root = ElementTree.fromstring(body, parser=parser)  # noqa: S314 - the same
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise RubbishXml("The answer is not XML.") from error
    if root.tag != f"{DAV}multistatus":
        raise RubbishXml("The answer is XML, but no multistatus document.")
    return Multistatus(
        tuple(_read_resource(element) for element in root.findall(f"{DAV}response")),
        (root.findtext(f"{DAV}sync-token") or "").strip(),
    )


def _read_resource(element: ElementTree.Element) -> DavResource:
    href = (element.findtext(f"{DAV}href") or "").strip()
    if not href:
        raise RubbishXml("A part of the answer names no resource.")
    found = [
        group
        for group in element.findall(f"{DAV}propstat")
        if _status_code(group.findtext(f"{DAV}status")) == 200
    ]
    properties = {each.tag: each for group in found for each in group.iterfind(f"{DAV}prop/*")}
    return DavResource(href, properties, _status_code(element.findtext(f"{DAV}status")))


def _status_code(line: str | None) -> int:
    """Return 207 from "HTTP/1.1 207 Multi-Status"; 0 for what is no status line."""
    parts = (line or "").split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def propfind(*names: str) -> str:
    """Return a PROPFIND body (RFC 4918, 9.1) for names such as "D:displayname", "S:getctag"."""
    inner = "".join(f"<{name}/>" for name in names)
    return f"{_XML}<D:propfind {_NAMESPACES}><D:prop>{inner}</D:prop></D:propfind>"


def events_between(start: datetime, end: datetime) -> str:
    """Return a calendar-query for events that touch [start, end) (RFC 4791, 7.8 and 9.9), unexpanded."""
    return _query(f'<C:time-range start="{_utc(start)}" end="{_utc(end)}"/>')


def events_with_uid(uid: str) -> str:
    """Return a calendar-query for the events with this UID (RFC 4791, 7.8.6); compare again when read."""
    match = f'<C:text-match collation="i;octet">{escape(uid)}</C:text-match>'
    return _query(f'<C:prop-filter name="UID">{match}</C:prop-filter>')


def changes_since(sync_token: str) -> str:
    """Return a sync-collection REPORT for the direct members that changed since the token (RFC 6578, 3.2 and 6)."""
    return (
        f"{_XML}<D:sync-collection {_NAMESPACES}><D:sync-token>{escape(sync_token)}</D:sync-token>"
        "<D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"
    )


def objects_at(hrefs: Iterable[str]) -> str:
    """Return a calendar-multiget for these objects, each href as the server wrote it (RFC 4791, 7.9)."""
    inner = "".join(f"<D:href>{escape(href)}</D:href>" for href in hrefs)
    return (
        f"{_XML}<C:calendar-multiget {_NAMESPACES}><D:prop><D:getetag/><C:calendar-data/></D:prop>"
        f"{inner}</C:calendar-multiget>"
    )


def _query(inner: str) -> str:
    return (
        f"{_XML}<C:calendar-query {_NAMESPACES}>"
        "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
        f'<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{inner}</C:comp-filter>'
        "</C:comp-filter></C:filter></C:calendar-query>"
    )


def _utc(instant: datetime) -> str:
    """Return the form of RFC 5545, 3.3.5, form 2 (20260329T010000Z)."""
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def child_names(element: ElementTree.Element | None) -> Iterator[str]:
    """Yield the tags of everything inside `element`, nothing for None."""
    if element is not None:
        yield from (each.tag for each in element.iter() if each is not element)
