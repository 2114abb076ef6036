"""`{% mark tenant %}`: a business's logo; `{{ name|initials }}`: the letters that stand for a picture."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.logo import logo_address
from portal.public.words import initials as initials_of
from tenants.api import Tenant

register = template.Library()


@register.filter
def initials(name: object) -> str:
    """Return at most two letters of a name."""
    return initials_of(str(name))


@register.simple_tag
def mark(tenant: Tenant, size: str = "") -> SafeString:
    """Return the business's logo, or its initials on its accent; decoration beside its name."""
    if address := logo_address(tenant):
        return format_html('<img class="mark logo {}" src="{}" alt="">', size, address)
    return format_html('<span class="mark {}" aria-hidden="true">{}</span>', size, initials_of(tenant.name))
