"""Meeting in person or by phone: there is no link to make, to prove or to take back."""

from datetime import datetime

from providers.protocols import MeetingLink, MeetingRequest, Proof


class NoLink:
    """Answers for a place that is words only (`location_detail`): an address, a phone number."""

    has_link = False

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def create(self, request: MeetingRequest, *, now: datetime) -> MeetingLink:  # noqa: ARG002 - the protocol's
        """Return a link without an address."""
        return MeetingLink(kind=self.kind, key=request.key, url="")

    def find(self, key: str) -> MeetingLink | None:
        """Return what `create` returned: nothing was made that could be missing."""
        return MeetingLink(kind=self.kind, key=key, url="")

    def prove(self, link: MeetingLink, request: MeetingRequest, *, now: datetime) -> Proof:  # noqa: ARG002
        """Nothing can be tried: the proof says so."""
        return Proof(checked_at=now, url="", evidence={"kind": self.kind, "proven": False})

    def cancel(self, key: str, *, now: datetime) -> bool:  # noqa: ARG002 - the protocol's signature
        """Nothing was made, so nothing is taken back."""
        return False

    def is_of_host(self, key: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """Return False: there is none."""
        return False
