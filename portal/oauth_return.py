"""The one address that vendors send browsers back to, on the platform's host: it passes on, and keeps nothing."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from providers.api import State, StateRefused, hand_over, read_state
from tenants.api import Domain, address_of

FINISH_PATH = "/portal/connections/accounts/finish/"


@require_safe
@never_cache
def oauth_return(request: HttpRequest) -> HttpResponse:
    """Send the browser to the host where it began, with a signed hand-over; 403 for a state that is not ours."""
    try:
        state = read_state(request.GET.get("state", ""))
    except StateRefused as refused:
        return render(request, "oauth_refused.html", {"words": refused.message}, status=403)
    if not _is_host_of(state):
        words = "The address where this began does not belong to that business any more."
        return render(request, "oauth_refused.html", {"words": words}, status=403)
    passed = hand_over(state, code=request.GET.get("code", ""), error=request.GET.get("error", "")[:80])
    return HttpResponseRedirect(f"{address_of(state.host, FINISH_PATH)}?{urlencode({'handover': passed})}")


def _is_host_of(state: State) -> bool:
    """Say whether the host is still the tenant's: a domain may have been given away meanwhile."""
    return bool(Domain.objects.filter(domain=state.host, tenant__schema_name=state.schema).exists())
