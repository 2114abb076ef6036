"""No code, token or client secret is in any table, entry, log line, error or page: all of them are searched for."""

import base64
import io
import logging
import re
import traceback
import zipfile
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from audit.api import body_of_entry
from audit.models import Entry
from booking.api import Host
from kernel.breaker import BREAKER
from kernel.clock import now
from providers.api import (
    busy_times,
    calendar_connections,
    deliver_message,
    disconnect_calendar,
    queue_message,
    renew_channels,
    service_server,
    try_mail_server,
    use_own_server,
)
from providers.calendars.vendor_calendars import open_vendor_calendar
from providers.models import Calendar, CalendarConnection, MailSettings, OAuthAccount
from providers.oauth.apps import app_credentials, set_oauth_app
from providers.oauth.tokens import access_token, fresh_token
from providers.oauth.vendors import vendor
from providers.protocols import ProviderError
from tenants.api import current_tenant, export_tenant
from tests.database import World
from tests.providers.conftest import OWNER, connect_google, connect_microsoft
from tests.providers.mail.test_delivery import DRAFT
from tests.simulators.google import GoogleSimulator
from tests.simulators.mail_services import DOMAIN, MailgunSimulator, MailServiceSimulator, SparkPostSimulator
from tests.simulators.microsoft import MicrosoftSimulator
from tests.simulators.vendor import Reply, served

Vendors = GoogleSimulator | MicrosoftSimulator
SECRET = "client secret that nobody may read"
MAIL_KEY = "key of a mail service that nobody may read"
PAGES = [
    "/portal/",
    "/portal/connections/",
    "/portal/health/",
    "/portal/what-ran/",
]


def connected(there: Vendors, host_id: int) -> CalendarConnection:
    """Connect an account of the vendor, whose channels may call plain http here."""
    if isinstance(there, GoogleSimulator):
        there.allows_http_callbacks = True
        return connect_google(there, host_id)
    there.subscriptions.allows_http = True
    there.subscriptions.ask = lambda url: (
        200,
        "text/plain",
        parse_qs(urlsplit(url).query)["validationToken"][0],
    )
    return connect_microsoft(there, host_id)


def forms_of(secret: str) -> set[str]:
    """Return how a secret may look when it is in clear: itself, in hex as bytea shows it, in base64."""
    raw = secret.encode()
    return {
        secret,
        raw.hex(),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }


def every_row(world: World) -> str:
    """Return every row of every table of the database as text."""
    found = []
    with world.superuser() as raw:
        tables = raw.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for (table,) in tables:
            found += [row[0] for row in raw.execute(f"SELECT t::text FROM {table} t").fetchall()]
    return "\n".join(found)


def export_of_this_tenant() -> str:
    """Return all that the business's own file holds, as text; names of columns among it."""
    target = io.BytesIO()
    export_tenant(current_tenant(), target=target, file="all.zip", actor=OWNER, now=now())
    with zipfile.ZipFile(target) as archive:
        found = "\n".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
    assert "providers_oauthaccount" in found
    return found


def failures_of(there: Vendors, account: OAuthAccount) -> list[str]:
    """Let everything fail that can, and return each failure with its whole traceback and representations."""
    seen: list[str] = []
    replies = [
        Reply(status=400, json={"error": "invalid_request", "error_description": "no"}),
        Reply(status=401, json={"error": "invalid_client", "error_description": "Unauthorized"}),
        Reply(status=500),
        Reply(body="rubbish"),
    ]
    for reply in replies:
        fault = there.fail("/token", reply=reply, times=3)
        OAuthAccount.objects.filter(pk=account.pk).update(access_expires_at=now())
        try:
            fresh_token(account.pk)
        except ProviderError as error:
            seen.append(
                "".join(traceback.format_exception(error, limit=None)) + repr(error) + repr(error.__dict__)
            )
        fault.times = 0
    seen.append(repr(access_token(OAuthAccount.objects.get(pk=account.pk))))
    seen.append(repr(app_credentials(vendor(account.vendor))))
    calendar = Calendar.objects.select_related("connection__account").get(is_destination=True)
    for reply in (*replies, Reply(status=403, json={"error": {"code": "ErrorAccessDenied"}})):
        fault = there.fail("/events", reply=reply, times=3)
        try:
            open_vendor_calendar(calendar, timeout_seconds=5).find("meeting-1@x.holdfast")
        except ProviderError as error:
            seen.append("".join(traceback.format_exception(error)) + repr(error.__dict__))
        fault.times = 0
        BREAKER.forget()
    return seen


def channel_secrets(there: Vendors) -> list[str]:
    """Return the secrets that came with the channels that the vendor was asked to open."""
    if isinstance(there, GoogleSimulator):
        return [each.token for each in there.channels.live.values()]
    return [str(each.body["clientState"]) for each in there.subscriptions.live.values()]


@pytest.mark.parametrize("kind", ["google", "microsoft"])
def test_no_secret_is_anywhere(
    kind: str, request: pytest.FixtureRequest, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    there: Vendors = request.getfixturevalue(kind)
    there.consent.clients["own"] = SECRET
    directory = "common" if kind == "microsoft" else ""
    client = Client(headers={"host": "acme.localhost"})
    with world.enter("acme"):
        set_oauth_app(
            vendor(kind), client_id="own", secret=SECRET, directory=directory, now=now(), actor=OWNER
        )
        ana = Host.objects.get(slug="ana")
        kept = connected(there, ana.pk)
        assert kept.account is not None
        failures = failures_of(there, kept.account)
        assert renew_channels(now=now()) == 1
        channels = channel_secrets(there)
        there.consent.expire_access_tokens()
        OAuthAccount.objects.update(access_expires_at=now())
        answer = busy_times([ana.pk], start=now(), end=now() + timedelta(days=1), now=now(), max_age=None)
        assert answer.stale == {}
        client.force_login(
            User.objects.get(email="owner@acme.example"),
            "allauth.account.auth_backends.AuthenticationBackend",
        )
    shown = [*PAGES, f"/portal/connections/clients/{kind}/", f"/portal/connections/calendars/{kept.pk}/"]
    pages = [client.get(path).content.decode() for path in shown]
    with world.enter("acme"):
        rows = every_row(world)
        sessions = str([each.get_decoded() for each in Session.objects.all()])
        was_read = bytes(OAuthAccount.objects.get().sealed_refresh_token).hex() in rows
        exported = export_of_this_tenant()
        there.fail("POST /revoke", reply=Reply(status=500), times=3)
        disconnect_calendar(CalendarConnection.objects.select_related("account").get(), actor=OWNER)
        entries = str([body_of_entry(entry) for entry in Entry.objects.all()])
        assert calendar_connections() == []
    assert was_read  # a sealed token was there to be seen
    assert bool(re.search("disconnect_calendar", entries))
    assert len(there.consent.issued) >= 4  # code, access, refresh, access again
    assert len(channels) == 1
    assert len(failures) == 11
    places = {
        "tables": rows,
        "tables afterwards": every_row(world),
        "sessions": sessions,
        "ledger": entries,
        "export": exported,
        "log": caplog.text,
        "errors": "\n".join(failures),
        "pages": "\n".join(pages),
    }
    secrets = [*there.consent.issued, *channels, SECRET, "simulated-secret"]
    found = [
        (place, secret[:6])
        for place, text in places.items()
        for secret in secrets
        for form in forms_of(secret)
        if form in text
    ]
    assert found == []


def mail_failures_of(there: MailServiceSimulator) -> list[str]:
    """Let each mail fail in another way, and return each failure with its whole traceback."""
    seen: list[str] = []
    faults = [
        {"reply": Reply(status=400, json={"message": f"the key {MAIL_KEY} may not"})},
        {"reply": Reply(status=401, json={"errors": [{"message": f"{MAIL_KEY} is not known"}]})},
        {"reply": Reply(status=500, body=MAIL_KEY)},
        {"reply": Reply(body=f"rubbish {MAIL_KEY}")},
        {"drop": True},
    ]
    for number, fault in enumerate(faults):
        planned = there.fail("POST", times=3, **fault)
        made = queue_message(DRAFT, booking_uid="b1", dedupe_key=f"fault{number}", now=now())
        try:
            deliver_message(made, now=now())
        except ProviderError as error:
            seen.append("".join(traceback.format_exception(error)) + repr(error) + repr(error.__dict__))
        planned.times = 0
        BREAKER.forget()
    return seen


@pytest.mark.parametrize("simulator", [MailgunSimulator, SparkPostSimulator])
def test_no_key_of_a_mail_service_is_anywhere(
    simulator: type[MailServiceSimulator],
    world: World,
    settings: LazySettings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    client = Client(headers={"host": "acme.localhost"})
    with served(simulator()) as there, world.enter("acme"):
        there.key = MAIL_KEY
        settings.HOLDFAST_MAIL_SERVICE_SIMULATOR = there.base_url
        settings.HOLDFAST_HTTP_ALLOW = (there.base_url.removeprefix("http://"),)
        server = service_server(there.vendor, key=MAIL_KEY)
        assert try_mail_server(server, from_address=f"hello@{DOMAIN}") is None
        use_own_server(server, from_address=f"hello@{DOMAIN}", now=now(), actor=OWNER)
        deliver_message(queue_message(DRAFT, booking_uid="b1", dedupe_key="k", now=now()), now=now())
        assert len(there.sent) == 1  # the key was used
        failures = mail_failures_of(there)
        client.force_login(
            User.objects.get(email="owner@acme.example"),
            "allauth.account.auth_backends.AuthenticationBackend",
        )
        there.fail("POST", reply=Reply(status=400, json={"message": f"not with {MAIL_KEY}"}))
        shown = ["/portal/", "/portal/messages/", "/portal/messages/sender/", "/portal/what-ran/"]
        with world.enter("acme"):  # a request leaves its tenant behind it
            tested = client.post("/portal/messages/sender/server/test/", follow=True).content.decode()
            pages = [client.get(path).content.decode() for path in shown]
        rows = every_row(world)
        places = {
            "tables": rows,
            "ledger": str([body_of_entry(entry) for entry in Entry.objects.all()]),
            "export": export_of_this_tenant(),
            "errors": "\n".join(failures),
            "pages": "\n".join([tested, *pages]),
            "mails": "\n".join(each.content.decode() for each in there.sent),
        }
        assert bytes(MailSettings.objects.get().sealed_password).hex() in rows  # sealed, and there to be seen
    places["log"] = caplog.text
    assert len(failures) == 5
    assert "not with" in tested
    forms = forms_of(MAIL_KEY) | forms_of(f"api:{MAIL_KEY}")
    assert [(place, form[:6]) for place, text in places.items() for form in forms if form in text] == []
