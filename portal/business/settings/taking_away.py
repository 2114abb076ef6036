"""All that is the business's in one file: what it holds, then the download; for owners who say again who they are."""

import tempfile

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from audit.api import public_keys
from portal.business.connections.pace import too_fast
from portal.business.viewer import Viewer, portal_page
from tenants.api import export_tenant


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(owners_only=True, when_suspended=True)
@reauthentication_required  # type: ignore[untyped-decorator]  # a session left open must not give all of it away
def take_away(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Say what the file holds; POST makes it, signs that it was taken, and sends it."""
    if request.method != "POST":
        return _page(request, viewer)
    if wait := too_fast(request, viewer):
        messages.warning(request, wait)
        return _page(request, viewer)
    return _file(viewer)


def _file(viewer: Viewer) -> FileResponse:
    name = f"{viewer.tenant.slug}-{viewer.today:%Y-%m-%d}.zip"
    file = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    export_tenant(viewer.tenant, target=file, file=name, actor=viewer.actor, now=viewer.now)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


def _page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    context = {"viewer": viewer, "here": "settings", "first_key": public_keys()[0]["kid"]}
    return render(request, "business/settings/taking_away.html", context)
