"""The business's logo: whatever was uploaded is decoded and encoded anew, so that only an image is served."""

import hashlib
from io import BytesIO

from django.db import transaction
from PIL import Image, ImageOps

from audit.api import Actor, record
from kernel.errors import HoldfastError
from tenants.models import Logo, Tenant

LARGEST_BYTES = 512 * 1024
_MOST_PIXELS = 25_000_000  # a small file can unfold into gigabytes
_SIDE = 512
_FORMATS = ("PNG", "JPEG", "WEBP")


class NotALogo(HoldfastError):
    """The upload cannot be used as a logo; the message says why."""


def set_logo(tenant: Tenant, upload: bytes, *, actor: Actor) -> None:
    """Keep the image, at most 512 px on its longer side, without its metadata. Raises NotALogo.

    Signed; not reversible by us, because the image before is not kept.
    """
    content, media_type = encoded(upload)
    digest = hashlib.sha256(content).hexdigest()[:12]
    with transaction.atomic():
        Logo.objects.update_or_create(tenant=tenant, defaults={"content": content, "media_type": media_type})
        _note(tenant, digest, "set_logo", actor)


def remove_logo(tenant: Tenant, *, actor: Actor) -> bool:
    """Forget the logo; False when there was none."""
    with transaction.atomic():
        removed = Logo.objects.filter(tenant=tenant).delete()[0] > 0
        if removed:
            _note(tenant, "", "remove_logo", actor)
    return removed


def get_logo(tenant: Tenant) -> Logo | None:
    """Return the logo, None where there is none. One query."""
    return Logo.objects.filter(tenant=tenant).first()


def encoded(upload: bytes) -> tuple[bytes, str]:
    """Return the image as we serve it, and its media type; photographs stay JPEG, all else becomes PNG."""
    if len(upload) > LARGEST_BYTES:
        raise NotALogo("This file is larger than 512 KB. Save the logo smaller, and choose it again.")
    try:
        with Image.open(BytesIO(upload), formats=_FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise NotALogo("This image has too many pixels. Save it with at most 4000 on each side.")
            is_photograph = image.format == "JPEG"
            upright = ImageOps.exif_transpose(image) or image
            small = upright.convert("RGB" if is_photograph else "RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NotALogo("This is not a PNG, JPEG or WebP image that can be read.") from error
    small.thumbnail((_SIDE, _SIDE))
    kept = BytesIO()
    if is_photograph:
        small.save(kept, "JPEG", quality=88)
        return kept.getvalue(), "image/jpeg"
    small.save(kept, "PNG", optimize=True)
    return kept.getvalue(), "image/png"


def _note(tenant: Tenant, digest: str, action: str, actor: Actor) -> None:
    before = tenant.logo_digest
    Tenant.objects.filter(pk=tenant.pk).update(logo_digest=digest)
    tenant.logo_digest = digest
    record(
        action,
        subject=f"tenant:{tenant.slug}",
        actor=actor,
        payload={"before": before, "after": digest},
        reversible="none",
        because="The image before is not kept; upload it again.",
    )
