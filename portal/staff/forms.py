"""The one form of onboarding, parsed; what its names may be is the tenants' app's to say."""

from typing import Any

from django import forms

from portal.public.zones import is_zone
from providers.api import BadAddress, check_mail_address
from tenants.api import Administrator, Tenant, name_fault, taken_fault


class OnboardingForm(forms.Form):
    """A business to be. `base_host` is the platform's host, below which its address will be."""

    name = forms.CharField(
        max_length=120,
        strip=True,
        error_messages={"required": "What is the business called? Clients read it first."},
    )
    slug = forms.CharField(max_length=60, strip=True, required=False)
    mode = forms.ChoiceField(choices=Tenant.Mode.choices, initial=Tenant.Mode.CLIENT_FACING)
    time_zone = forms.CharField(max_length=64)
    administrator = forms.CharField(
        max_length=120,
        error_messages={"required": "Who is in charge there? The first host carries this name."},
    )
    email = forms.CharField(
        max_length=254, error_messages={"required": "Where does the link to choose a password go?"}
    )

    def __init__(self, *args: Any, base_host: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.base_host = base_host

    def clean_slug(self) -> str:
        """Return the link name in small letters; refuses what is malformed, reserved or taken."""
        slug = str(self.cleaned_data["slug"]).lower()
        fault = name_fault(slug) or taken_fault(slug, base_host=self.base_host)
        if fault:
            raise forms.ValidationError(fault)
        return slug

    def clean_time_zone(self) -> str:
        """Return an IANA zone that this machine knows."""
        zone = str(self.cleaned_data["time_zone"])
        if not is_zone(zone):
            raise forms.ValidationError("Choose a time zone from the list.")
        return zone

    def clean_email(self) -> str:
        """Return an address that we would send mail to."""
        try:
            return check_mail_address(str(self.cleaned_data["email"]))
        except BadAddress as error:
            raise forms.ValidationError(error.message) from error

    def wanted(self) -> dict[str, Any]:
        """Return the valid form as what `tenants.api.onboard` takes."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "slug": data["slug"],
            "domain": f"{data['slug']}.{self.base_host}",
            "mode": data["mode"],
            "time_zone": data["time_zone"],
            "administrator": Administrator(name=data["administrator"], email=data["email"]),
        }
