"""`{{ name|initials }}`: the letters that stand for a picture."""

from django import template

from portal.public.words import initials as initials_of

register = template.Library()


@register.filter
def initials(name: object) -> str:
    """Return at most two letters of a name."""
    return initials_of(str(name))
