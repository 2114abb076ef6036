"""What every view of the API has in common: JSON in, JSON out, problem documents for what goes wrong.

Nothing of it is in the settings: parser, negotiation and errors are set here, where they are read.
"""

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any, NoReturn

from django.http import HttpResponseBase
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from portal.api.problems import BodyTooLarge, problem_of

BODY_BYTES = 16 * 1024


class StrictJson(BaseParser):
    """Reads a UTF-8 JSON body of at most `BODY_BYTES`: no NaN, no endless nesting, no name twice."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002  DRF passes it
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002  DRF passes it
    ) -> Any:
        """Return the parsed body; raises ParseError (400) or BodyTooLarge (413)."""
        try:
            raw = stream.read(BODY_BYTES + 1)
        except OSError:
            raise ParseError("The body ended before it was complete. Send it again.") from None
        if len(raw) > BODY_BYTES:
            raise BodyTooLarge(f"The body is larger than {BODY_BYTES} bytes. Send a shorter one.")
        try:
            return json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_object)
        except (ValueError, RecursionError):
            raise ParseError("The body is not JSON (RFC 8259, UTF-8). Send one JSON object.") from None


class AlwaysJson(BaseContentNegotiation):
    """Answers in JSON whatever the Accept header says: a browser that opens an address sees the answer."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the JSON parser for a body that says that it is JSON; None leads to 415."""
        said = (request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == said), None)

    def select_renderer(
        self,
        request: Request,  # noqa: ARG002  DRF passes it
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,  # noqa: ARG002  DRF passes it
    ) -> tuple[BaseRenderer, str]:
        """Return the only renderer."""
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or ""


class ApiView(APIView):
    """The base of the API's views. No cookie counts here, so no CSRF token is asked for."""

    http_method_names = ["get", "head", "post"]
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (StrictJson,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = AlwaysJson
    metadata_class = None

    def handle_exception(self, exc: Exception) -> HttpResponseBase:  # type: ignore[override]  # a plain response
        """Return the problem document of `exc`; what the API does not know stays an exception."""
        response = problem_of(exc)
        if response is None:
            raise exc
        return response


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name appears twice")
    return found
