"""Is this process up (healthz), can it book (readyz)? Asked of the process by address, whatever the host.

healthz touches nothing. readyz calls the booking function for real, in one tenant, and rolls it back.
"""

import logging
from datetime import datetime

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from booking.api import probe_hold
from kernel.clock import now as read_now
from kernel.errors import HoldfastError
from kernel.tenancy import entered
from portal.api.problems import problem
from tenants.api import Tenant

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 5
_LIMITS = "SET LOCAL statement_timeout = '2s'; SET LOCAL lock_timeout = '500ms'"


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  a view takes it
    """Return 200 while this process answers at all; no database."""
    return _said({"status": "up"})


@require_GET
def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  a view takes it
    """Return 200 when a hold can be written here, else 503 with the reason in words; at most about 2 seconds.

    The tenant probed is the oldest business that is ready and neither paused nor suspended; an installation
    without one is ready when its database answers.
    """
    try:
        schema = _probed_schema()
        if schema is not None:
            _probe(schema, now=read_now())
    except (DatabaseError, InterfaceError) as error:
        _log.error("readyz: %s", error)
        return _not_ready("The database cannot be reached, or did not answer within 2 seconds.")
    except HoldfastError as error:
        _log.error("readyz: %s: %s", error.code, error.message)
        return _not_ready(f"The booking function refused a trial hold: {error.code}.")
    return _said({"status": "ready"})


def _probed_schema() -> str | None:
    businesses = Tenant.objects.filter(
        kind=Tenant.Kind.BUSINESS, ready_at__isnull=False, paused_at=None, suspended_at=None
    )
    schema: str | None = businesses.order_by("pk").values_list("schema_name", flat=True).first()
    return schema


def _probe(schema: str, *, now: datetime) -> None:
    with entered(schema), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LIMITS)
        probe_hold(now=now)
        transaction.set_rollback(True)


def _said(body: dict[str, str]) -> JsonResponse:
    response = JsonResponse(body)
    response["Cache-Control"] = "no-store"
    return response


def _not_ready(words: str) -> JsonResponse:
    return problem("busy", words, retry_after_seconds=_RETRY_SECONDS)
