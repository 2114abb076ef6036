"""What the settings' forms take: shapes are checked here, written by tenants.api."""

import re
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from accounts.api import SCOPES
from kernel.clock import now as clock_now
from portal.public.zones import is_zone, zone_groups
from providers.api import BadAddress, check_mail_address
from tenants.api import LARGEST_LOGO_BYTES, Tenant

_HEX = re.compile(r"#[0-9a-f]{6}")
_SEPARATORS = re.compile(r"[\s,;]+")
_MOST_DOMAINS = 50
MODES = {
    "client_facing": ("Client-facing", "The page lists your meeting types."),
    "company_wide": ("Company-wide", "The page lists your people, with anyone who is free first."),
}
ACCESS = {
    "everyone": ("Everyone", "Whoever has the address can book."),
    "members": ("Signed-in members", "Only people with an account here can see the page and book."),
    "domains": (
        "Visitors with a verified address",
        "Whoever shows, by a code we mail, an address of the domains below. Members come in, too.",
    ),
}
SCOPE_WORDS = {
    "bookings:read": "Read bookings",
    "bookings:write": "Book, cancel and reschedule",
}


class BusinessForm(forms.Form):
    """Name, tagline, face, time zone."""

    name = forms.CharField(
        max_length=120, label="Name", error_messages={"required": "A business needs a name."}
    )
    tagline = forms.CharField(
        max_length=200, required=False, label="Tagline", help_text="One line under the name on your page."
    )
    mode = forms.ChoiceField(choices=[(key, words[0]) for key, words in MODES.items()])
    time_zone = forms.CharField(max_length=64)

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"])
        if not is_zone(name):
            raise forms.ValidationError("This time zone is not known. Choose one from the list.")
        return name


class ColourForm(forms.Form):
    """The accent, "#rrggbb"."""

    accent = forms.CharField(max_length=7)

    def clean_accent(self) -> str:
        colour = str(self.cleaned_data["accent"]).strip().lower()
        if not _HEX.fullmatch(colour):
            raise forms.ValidationError("A colour looks like #1f6a57.")
        return colour


class LogoForm(forms.Form):
    """The upload; whether it is an image is tenants.logos' to say."""

    logo = forms.FileField(
        error_messages={"required": "Choose an image first.", "empty": "This file is empty."}
    )

    def clean_logo(self) -> bytes:
        upload = self.cleaned_data["logo"]
        return bytes(upload.read(LARGEST_LOGO_BYTES + 1))


class AccessForm(forms.Form):
    """Who may open the page; domains only where they count."""

    access = forms.ChoiceField(
        choices=[(key, words[0]) for key, words in ACCESS.items()],
        error_messages={"required": "Choose who may open the page."},
    )
    allowed_domains = forms.CharField(max_length=4000, required=False)

    def clean_allowed_domains(self) -> list[str]:
        """Return the domains in lower case, each once, a leading "@" taken off."""
        said = str(self.cleaned_data["allowed_domains"]).lower()
        found = list(dict.fromkeys(part.lstrip("@") for part in _SEPARATORS.split(said) if part.lstrip("@")))
        if len(found) > _MOST_DOMAINS:
            raise forms.ValidationError(f"At most {_MOST_DOMAINS} domains; these are {len(found)}.")
        return [_checked_domain(domain) for domain in found]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if found.get("access") == Tenant.Access.DOMAINS and found.get("allowed_domains") == []:
            self.add_error("allowed_domains", "Write at least one domain, for example example.com.")
        return found


class ApiKeyForm(forms.Form):
    """What an API key is called, and what it may do."""

    name = forms.CharField(
        max_length=100,
        label="Name",
        help_text="Where it is used: “Website”, “CRM”.",
        error_messages={"required": "Name it, so that you know later which one to revoke."},
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope, SCOPE_WORDS.get(scope, scope)) for scope in sorted(SCOPES)],
        required=True,
        error_messages={"required": "Choose what it may do."},
    )


def zone_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return all zones by region, each with its offset now."""
    return [
        (group.region, [(zone.name, zone.label) for zone in group.zones])
        for group in zone_groups(clock_now())
    ]


def zone_exists(name: str) -> bool:
    """Say whether the list has this zone (old names are known, but not listed)."""
    return any(name == zone for _, zones in zone_choices() for zone, _ in zones) and bool(ZoneInfo(name))


def _checked_domain(domain: str) -> str:
    try:
        return check_mail_address(f"visitor@{domain}").rpartition("@")[2]
    except BadAddress:
        raise forms.ValidationError(f"“{domain}” is not a domain. It looks like example.com.") from None
