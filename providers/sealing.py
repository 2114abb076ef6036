"""Every secret of the outside systems that is kept sealed: where it is, and what it is bound to."""

from kernel.sealed import register_sealed, sealed_column
from providers.calendars.connections import password_place
from providers.mail.sender import MAIL_SEALED_AT
from providers.meetings.jitsi_server import JITSI_SEALED_AT
from providers.meetings.zoom_app import zoom_place
from providers.models import CalendarConnection, MailSettings, OAuthAccount, OAuthApp, WebhookEndpoint
from providers.models.jitsi import JitsiServer
from providers.models.texts import TextCarrier
from providers.models.zoom import ZoomApp
from providers.notices.endpoints import secret_place
from providers.oauth.apps import client_place
from providers.oauth.tokens import token_place
from providers.sms.carrier import carrier_place

KINDS = (
    sealed_column("calendar passwords", CalendarConnection, "sealed_password", password_place),
    sealed_column(
        "access tokens", OAuthAccount, "sealed_access_token", lambda row: token_place(row, "access")
    ),
    sealed_column(
        "refresh tokens", OAuthAccount, "sealed_refresh_token", lambda row: token_place(row, "refresh")
    ),
    sealed_column(
        "client secrets", OAuthApp, "sealed_secret", lambda row: client_place(row.vendor, row.client_id)
    ),
    sealed_column("meeting servers’ secrets", JitsiServer, "sealed_secret", lambda _: JITSI_SEALED_AT),
    sealed_column("mail passwords", MailSettings, "sealed_password", lambda _: MAIL_SEALED_AT),
    sealed_column("Zoom secrets", ZoomApp, "sealed_secret", lambda row: zoom_place(row.client_id)),
    sealed_column(
        "text carriers’ secrets", TextCarrier, "sealed_secret", lambda row: carrier_place(row.kind)
    ),
    sealed_column("webhook secrets", WebhookEndpoint, "sealed_secret", secret_place),
    sealed_column("chat addresses", WebhookEndpoint, "sealed_url", lambda row: secret_place(row, "url")),
)


def register() -> None:
    """Say at start-up that these exist."""
    for kind in KINDS:
        register_sealed(kind)
