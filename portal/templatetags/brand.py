"""`{% brand_stylesheet %}`: the link to the tenant's accent, for the head of every page."""

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.brand import brand_address

register = template.Library()


@register.simple_tag(takes_context=True)
def brand_stylesheet(context: Context) -> SafeString:
    """Return the link element; nothing on a page that is rendered without a request."""
    request = context.get("request")
    if request is None:
        return SafeString("")
    return format_html('<link rel="stylesheet" href="{}">', brand_address(request))
