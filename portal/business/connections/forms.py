"""What the connections' forms take; whether a server answers is providers' to say."""

from django import forms

from providers.api import EVENTS

FIELD_OF_SETTING = {
    "address": "url",
    "name": "url",
    "private": "url",
    "security": "url",
    "server": "url",
    "caldav": "url",
    "calendars": "url",
    "later": "url",
    "sign_in": "password",
}
EVENT_WORDS = {
    "booking.confirmed": "A booking is confirmed",
    "booking.cancelled": "A booking is cancelled",
    "booking.rescheduled": "A booking is moved",
    "booking.reassigned": "A booking goes to another host",
    "incident.opened": "Something needs a look",
}


class CalDavForm(forms.Form):
    """A CalDAV account: address, user name, password."""

    url = forms.CharField(
        max_length=500,
        label="Address of the server",
        help_text="From your provider’s help page: https://caldav.example.com. The calendars are found from there.",
        widget=forms.TextInput(attrs={"type": "url", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Write the server’s address."},
    )
    username = forms.CharField(
        max_length=254,
        label="User name",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Write the user name; often it is your mail address."},
    )
    password = forms.CharField(
        max_length=500,
        strip=False,
        label="Password",
        help_text="An app password where your provider has them. It is kept sealed, and sent to this server only.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Write the password."},
    )

    def clean_url(self) -> str:
        """Add https:// where the scheme was left out, as people do."""
        said = str(self.cleaned_data["url"]).strip()
        return said if "://" in said else f"https://{said}"


class ChatForm(forms.Form):
    """A chat's incoming webhook, and of what it is told; nothing chosen means everything."""

    url = forms.CharField(
        max_length=1000,
        widget=forms.TextInput(attrs={"type": "url", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Paste the address of the webhook."},
    )
    events = forms.MultipleChoiceField(
        choices=[(event, EVENT_WORDS.get(event, event)) for event in EVENTS], required=False
    )


class WebhookForm(forms.Form):
    """Where notices go, and of what; nothing chosen means everything."""

    url = forms.CharField(
        max_length=500,
        label="Address",
        help_text="https://… of the program that is to be told.",
        widget=forms.TextInput(attrs={"type": "url", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Write the address."},
    )
    events = forms.MultipleChoiceField(
        choices=[(event, EVENT_WORDS.get(event, event)) for event in EVENTS], required=False
    )
