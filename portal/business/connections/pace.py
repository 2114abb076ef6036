"""How often a user may have outside systems asked: every test costs somebody else's server, too."""

from django.http import HttpRequest

from portal.business.viewer import Viewer
from portal.rates import RateLimited, check_rate


def too_fast(request: HttpRequest, viewer: Viewer) -> str:
    """Count one test of this user; return "" or, when it was one too many, how long to wait in words."""
    try:
        check_rate(request, "test", now=viewer.now, who=f"user:{viewer.user.pk}")
    except RateLimited as limit:
        return limit.message
    return ""
