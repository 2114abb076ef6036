"""The tenant's accent as a stylesheet with an address: no page carries a style of its own (strict CSP).

The address has a digest of what it serves: browsers keep it for a year, and a new accent is a new address.
"""

import hashlib

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from portal.contrast import FALLBACK, dark_palette, light_palette

BRAND_PATH = "brand.css"


@require_safe
def stylesheet(request: HttpRequest) -> HttpResponse:
    """Serve the accent of this host's tenant, or the product's own where there is none."""
    response = HttpResponse(brand_css(accent_of(request)), content_type="text/css; charset=utf-8")
    patch_cache_control(response, public=True, max_age=31_536_000, immutable=True)
    return response


def brand_address(request: HttpRequest) -> str:
    """Return the stylesheet's address on this host, with the digest of its contents."""
    digest = hashlib.sha256(brand_css(accent_of(request)).encode()).hexdigest()[:12]
    return f"/{BRAND_PATH}?v={digest}"


def accent_of(request: HttpRequest) -> str:
    """Return the tenant's accent, the product's own before a tenant is known."""
    return str(getattr(getattr(request, "tenant", None), "accent", "") or FALLBACK)


def brand_css(accent: str) -> str:
    """Return the five accent properties for light and dark; see tokens.css for what they mean."""
    light, dark = light_palette(accent), dark_palette(accent)
    pairs = {
        "--accent": (light.text, dark.text),
        "--accent-fill": (light.fill, dark.fill),
        "--on-accent": (light.on_fill, dark.on_fill),
        "--accent-wash": (light.wash, dark.wash),
        "--accent-line": (light.line, dark.line),
    }
    rules = "".join(f"{name}:light-dark({one},{other});" for name, (one, other) in pairs.items())
    return f"@layer brand{{:root{{{rules}}}}}\n"
