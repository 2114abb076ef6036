"""One's own sign-in: authenticator app, passkeys, recovery codes, password, other devices. For every user."""

from typing import Any

from allauth.mfa.base.views import IndexView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.api import User, end_other_sessions, other_sessions
from kernel.clock import now as clock_now
from portal.business.redirects import see_other


class OwnSignIn(IndexView):  # type: ignore[misc]  # untyped base
    """Show how this user signs in, and where else they are signed in."""

    template_name = "mfa/index.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the other devices, and whether the business asks for a second factor."""
        user, tenant = self.request.user, self.request.tenant
        others = other_sessions(user, current=self.request.session, now=clock_now())
        asked = tenant.requires_second_factor and user.sees_everything
        found: dict[str, Any] = super().get_context_data(**kwargs)
        return found | {"others": len(others), "is_asked": asked}


own_sign_in = never_cache(OwnSignIn.as_view())


@require_POST
@login_required
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """End every other session of this user."""
    assert isinstance(request.user, User)
    ended = end_other_sessions(request.user, current=request.session, now=clock_now())
    messages.success(request, f"Signed out on {ended} other device{'' if ended == 1 else 's'}.")
    return see_other("mfa_index")
