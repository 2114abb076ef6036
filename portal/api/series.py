"""GET /api/v1/series/{uid} and POST …/cancel: for whoever holds its token, or an API key."""

import re

from django.http import HttpResponseBase, JsonResponse
from rest_framework.request import Request

from audit.api import Actor
from booking.api import BookingNotFound, Series, cancel_rest, get_series, is_series_token, series_bookings
from kernel.clock import now as read_now
from portal.api.bodies import parse_cancel
from portal.api.callers import READ, WRITE, check_token_or_key, nothing_here
from portal.api.documents import series_document
from portal.api.view import ApiView

_UID = re.compile(r"[a-z0-9]{1,40}")


class SeriesView(ApiView):
    """One series, read."""

    def get(self, request: Request, uid: str) -> HttpResponseBase:
        """Return 200 with the series and its dates; problems 401, 403, 404, 429, 503."""
        series, _ = _opened(request, uid, scope=READ)
        return _answer(series)


class CancelSeriesView(ApiView):
    """What lies ahead of one series, cancelled."""

    def post(self, request: Request, uid: str) -> HttpResponseBase:
        """Return 200 with the series; body {reason?} or none. Every confirmed date that lies ahead is cancelled in
        one transaction. Problems of GET, and 400. Asking again is the same 200."""
        series, actor = _opened(request, uid, scope=WRITE)
        cancel_rest(series, reason=parse_cancel(request.data), now=read_now(), actor=actor)
        return _answer(series)


def _opened(request: Request, uid: str, *, scope: str) -> tuple[Series, Actor]:
    """Return the series that `uid` and the request's token or key open together, and who acts on it."""
    token, actor = check_token_or_key(request, scope=scope, now=read_now())
    try:
        series = get_series(uid) if _UID.fullmatch(uid) else None
    except BookingNotFound:
        series = None
    if series is None or (actor is None and not is_series_token(series, token)):
        raise nothing_here()
    return series, actor or Actor("client", series.uid)


def _answer(series: Series) -> JsonResponse:
    response = JsonResponse(series_document(series, series_bookings(series)))
    response["Cache-Control"] = "no-store"
    return response
