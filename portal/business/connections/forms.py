"""What the connections' forms take; whether a server answers is providers' to say."""

from typing import Any

from django import forms

from providers.api import EVENTS, Vendor

FIELD_OF_SETTING = {
    "address": "url",
    "name": "url",
    "private": "url",
    "security": "url",
    "server": "url",
    "caldav": "url",
    "calendars": "url",
    "client": "url",
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


class FeedForm(forms.Form):
    """The address of a calendar that is published as a file."""

    url = forms.CharField(
        max_length=2000,
        label="Address of the calendar",
        help_text="https://… or webcal://…, often with .ics at its end. Whoever has it can read the calendar: it is"
        " kept sealed, and not shown again.",
        widget=forms.TextInput(attrs={"type": "url", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Paste the calendar’s address."},
    )


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


class ClientForm(forms.Form):
    """A client id and secret at a vendor; Microsoft's has a directory too."""

    client_id = forms.CharField(
        max_length=255,
        label="Client id",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Write the client id."},
    )
    secret = forms.CharField(
        max_length=500,
        label="Client secret",
        help_text="Kept sealed. It is never shown again, here or anywhere.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Write the client secret."},
    )
    directory = forms.RegexField(
        r"^[A-Za-z0-9.-]{1,100}$",
        label="Directory",
        help_text="“common” for accounts of every organisation, or the directory (tenant) id of your own.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": "Write “common”, or the directory (tenant) id.",
            "invalid": "Letters, digits, dots and hyphens only.",
        },
    )

    def __init__(self, *args: Any, vendor: Vendor, **options: Any) -> None:
        super().__init__(*args, **options)
        if vendor.kind != "microsoft":
            self.fields["directory"].required = False
            self.fields["directory"].widget = forms.HiddenInput()

    def clean_client_id(self) -> str:
        """Drop what copying brings along."""
        return str(self.cleaned_data["client_id"]).strip()

    def clean_directory(self) -> str:
        """Google has none."""
        hidden = isinstance(self.fields["directory"].widget, forms.HiddenInput)
        return "" if hidden else str(self.cleaned_data["directory"])


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
