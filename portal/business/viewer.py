"""Who looks at a portal page: what they may see, in which zone, at which instant."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Concatenate, ParamSpec
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from accounts.api import User, has_second_factor
from audit.api import Actor
from kernel.clock import now as clock_now
from tenants.api import Tenant

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in user of this tenant, and the edge's reading of clock and zone.

    `only_host` is the one host whose bookings the user may see, None for owners and admins (all of them).
    """

    user: User
    tenant: Tenant
    zone: ZoneInfo
    now: datetime
    only_host: int | None

    @property
    def actor(self) -> Actor:
        """Who the ledger names for what this user does; an id, never a name."""
        return Actor(type="staff" if self.is_staff else "user", id=str(self.user.pk))

    @property
    def is_staff(self) -> bool:
        """True in the platform's own console."""
        return bool(self.tenant.kind == Tenant.Kind.PLATFORM)

    @property
    def is_read_only(self) -> bool:
        """True while the platform has suspended the business: its record can be read, and nothing changed."""
        return self.tenant.suspended_at is not None

    @property
    def sees_everything(self) -> bool:
        """True for owners and admins."""
        return self.only_host is None

    @property
    def today(self) -> date:
        """The date at the business now."""
        return self.now.astimezone(self.zone).date()


def portal_page(
    *, admins_only: bool = False, owners_only: bool = False, when_suspended: bool = False
) -> Callable[
    [Callable[Concatenate[HttpRequest, Viewer, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """Give the view a Viewer: sign-in first, then the role; answers 403 in words, and is never cached.

    `when_suspended` says that the view changes nothing of a suspended business, so its POST is taken.
    """

    def gate(
        view: Callable[Concatenate[HttpRequest, Viewer, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def gated(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            viewer = _viewer(request)
            if viewer is None:
                return _forbidden(request, "unlinked")
            if admins_only and not viewer.sees_everything:
                return _forbidden(request, "admins")
            if owners_only and viewer.user.role != "owner":
                return _forbidden(request, "owners")
            if viewer.is_read_only and not when_suspended and request.method not in ("GET", "HEAD"):
                return render(request, "business/suspended.html", {"viewer": viewer}, status=403)
            if _lacks_second_factor(viewer):
                return redirect("mfa_index")
            return view(request, viewer, *args, **kwargs)

        return never_cache(login_required(gated))

    return gate


def _viewer(request: HttpRequest) -> Viewer | None:
    """Return the viewer; None for a host's account that no host belongs to (it may see nothing)."""
    user, tenant = request.user, request.tenant  # type: ignore[attr-defined]  # tenants.middleware
    assert isinstance(user, User)  # login_required let it through
    if not user.sees_everything and user.host_id is None:
        return None
    return Viewer(
        user=user,
        tenant=tenant,
        zone=ZoneInfo(tenant.time_zone),
        now=clock_now(),
        only_host=None if user.sees_everything else user.host_id,
    )


def _lacks_second_factor(viewer: Viewer) -> bool:
    """Say whether the business asks for a second factor that this user has not set up; a query only then."""
    is_asked = viewer.tenant.requires_second_factor and viewer.sees_everything
    return is_asked and not has_second_factor(viewer.user)


def _forbidden(request: HttpRequest, why: str) -> HttpResponse:
    return render(request, "business/forbidden.html", {"why": why}, status=403)
