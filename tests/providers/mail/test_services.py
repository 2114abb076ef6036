"""Mail by a mail service: the invite arrives as it was written, and each answer is an outcome that SMTP has too."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core.mail import EmailMessage, get_connection
from django.test import Client

from audit.api import Actor, Entry, body_of_entry
from kernel.breaker import BREAKER
from kernel.errors import Misconfigured
from providers.api import (
    MailFault,
    MailSettings,
    compose_mail,
    deliver_message,
    get_message,
    greet_mail_server,
    mail_sender,
    platform_server,
    queue_message,
    service_server,
    try_mail_server,
    use_own_server,
    use_platform_server,
)
from providers.mail.bounces import bounce_mark
from providers.mail.smtp import OutcomeUnknown
from providers.models import Message
from providers.protocols import ProviderError, RateLimited, Rejected, Unreachable
from tests.database import World
from tests.providers.mail.test_delivery import DRAFT, LATER, NOW
from tests.simulators.mail_services import (
    DOMAIN,
    HOOK_KEY,
    KEY,
    MailgunSimulator,
    MailServiceSimulator,
    SparkPostSimulator,
)
from tests.simulators.vendor import Reply, served

ALICE = Actor(type="user", id="7")
FROM = f"bookings@{DOMAIN}"
SIMULATORS = {"mailgun": MailgunSimulator, "sparkpost": SparkPostSimulator}


@pytest.fixture(params=SIMULATORS)
def service(request: pytest.FixtureRequest, world: World, settings: Any) -> Iterator[MailServiceSimulator]:
    """The installation's mail leaves by this service; Acme is entered."""
    BREAKER.forget()
    with served(SIMULATORS[request.param]()) as simulator, world.enter("acme"):
        settings.HOLDFAST_MAIL_SERVICE = request.param
        settings.HOLDFAST_MAIL_SERVICE_KEY = KEY
        settings.HOLDFAST_MAIL_SERVICE_HOOK_KEY = {"mailgun": HOOK_KEY}.get(
            request.param, f"holdfast:{HOOK_KEY}"
        )
        settings.HOLDFAST_MAIL_SERVICE_SIMULATOR = simulator.base_url
        settings.HOLDFAST_HTTP_ALLOW = (simulator.base_url.removeprefix("http://"),)
        settings.HOLDFAST_MAIL_FROM = FROM
        yield simulator
    BREAKER.forget()


def queue(key: str = "k", **changes: Any) -> int:
    return queue_message(replace(DRAFT, **changes), booking_uid="b1", dedupe_key=key, now=NOW)


def test_a_mail_arrives_byte_for_byte_with_its_invite(service: MailServiceSimulator) -> None:
    made = queue(html="<p>{{ not a template }} http://acme.localhost/</p>\n")
    delivery = deliver_message(made, now=NOW)
    (taken,) = service.sent
    assert taken.content == compose_mail(made)
    assert taken.recipient == "ben@example.org"
    kinds = [part.get_content_type() for part in taken.mail.walk()]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar",
                     "application/ics"]  # fmt: skip
    calendar = next(part for part in taken.mail.walk() if part.get_content_type() == "text/calendar")
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_content() == DRAFT.ics
    assert (get_message(made).state, delivery.attempts, delivery.repeats) == ("sent", 1, 0)
    assert deliver_message(made, now=LATER).already_sent
    assert len(service.sent) == 1


def test_a_lost_answer_is_a_counted_repeat_with_the_same_message_id(service: MailServiceSimulator) -> None:
    service.fail("POST", after=True, drop=True)
    made = queue()
    with pytest.raises(OutcomeUnknown):
        deliver_message(made, now=NOW)
    assert get_message(made).state == "sending"
    assert deliver_message(made, now=LATER).repeats == 1
    assert len({each.mail["Message-ID"] for each in service.sent}) == 1
    assert len(service.sent) == 2


@pytest.mark.parametrize(
    ("reply", "error", "state"),
    [
        (Reply(status=400, json={"message": "to parameter is not valid"}), Rejected, "failed"),
        (
            Reply(status=422, json={"errors": [{"message": "no", "description": "bad data"}]}),
            Rejected,
            "failed",
        ),
        (Reply(status=401, body="Forbidden"), Unreachable, "queued"),
        (Reply(status=403, json={"errors": [{"message": "Forbidden."}]}), Unreachable, "queued"),
        (Reply(status=302, headers={"Location": "http://127.0.0.1:1/"}), Unreachable, "queued"),
        (
            Reply(status=420, json={"errors": [{"message": "Exceed Sending Limit (hourly)"}]}),
            RateLimited,
            "queued",
        ),
        (Reply(status=429, headers={"Retry-After": "120"}), RateLimited, "queued"),
        (Reply(status=500, body="down"), OutcomeUnknown, "sending"),
        (Reply(status=200, body="rubbish"), OutcomeUnknown, "sending"),
        (Reply(status=200, json={"other": 1}), OutcomeUnknown, "sending"),
    ],
)
def test_each_answer_is_one_outcome(
    service: MailServiceSimulator, reply: Reply, error: type[ProviderError], state: str
) -> None:
    service.fail("POST", reply=reply, times=3)
    made = queue()
    with pytest.raises(error) as caught:
        deliver_message(made, now=NOW)
    assert type(caught.value) is error
    message = get_message(made)
    assert (message.state, message.failed_words) == (state, caught.value.message)
    assert service.sent == []


def test_a_service_that_is_not_there_is_unreachable_and_the_mail_waits(
    service: MailServiceSimulator, settings: Any
) -> None:
    settings.HOLDFAST_MAIL_SERVICE_SIMULATOR = "http://127.0.0.1:1"
    settings.HOLDFAST_HTTP_ALLOW = ("127.0.0.1:1",)
    made = queue()
    with pytest.raises(Unreachable) as caught:
        deliver_message(made, now=NOW)
    assert type(caught.value) is Unreachable
    assert get_message(made).state == "queued"
    with pytest.raises(Unreachable):
        greet_mail_server()


def test_a_greeting_sends_nothing(service: MailServiceSimulator) -> None:
    greet_mail_server()
    assert (service.sent, service.tried, len(service.log)) == ([], [], 1)
    service.fail("GET", reply=Reply(status=503), times=3)
    with pytest.raises(Unreachable):
        greet_mail_server()


def test_the_services_words_are_kept_without_the_key(service: MailServiceSimulator) -> None:
    service.fail("POST", reply=Reply(status=400, json={"message": f"{KEY} may not\r\n send"}))
    made = queue()
    with pytest.raises(Rejected):
        deliver_message(made, now=NOW)
    assert get_message(made).failed_words.endswith("refused the message (HTTP 400). … may not send")


def test_each_wrong_setting_is_named_and_nobody_gets_the_test(
    service: MailServiceSimulator, settings: Any
) -> None:
    good = service_server(service.vendor, key=KEY)
    assert try_mail_server(good, from_address=FROM) is None
    assert (service.sent, len(service.tried)) == ([], 1)
    assert try_mail_server(service_server(service.vendor, key="wrong"), from_address=FROM) == MailFault(
        setting="password",
        words={"mailgun": "Mailgun does not take the key (HTTP 401).",
               "sparkpost": "SparkPost does not take the key (HTTP 401). Unauthorized."}[service.vendor],
    )  # fmt: skip
    elsewhere = try_mail_server(good, from_address="hello@elsewhere.example")
    assert elsewhere is not None
    assert elsewhere.setting == {"mailgun": "username", "sparkpost": "from_address"}[service.vendor]
    settings.HOLDFAST_MAIL_SERVICE_SIMULATOR = "http://127.0.0.1:1"
    gone = try_mail_server(good, from_address=FROM)
    assert gone is not None
    assert gone.setting == "scheme"


def test_mailgun_sends_in_the_name_of_the_domain_that_is_set_up_there(world: World, settings: Any) -> None:
    with served(MailgunSimulator()) as mailgun, world.enter("acme"):
        settings.HOLDFAST_MAIL_SERVICE_SIMULATOR = mailgun.base_url
        settings.HOLDFAST_HTTP_ALLOW = (mailgun.base_url.removeprefix("http://"),)
        server = service_server("mailgun_eu", key=KEY, domain=DOMAIN)
        use_own_server(server, from_address="hello@acme.example", now=NOW, actor=ALICE)
        deliver_message(queue(), now=NOW)
        (taken,) = mailgun.sent
        assert taken.mail["From"].addresses[0].addr_spec == "hello@acme.example"


def test_a_businesss_key_is_sealed_and_in_no_entry(service: MailServiceSimulator, settings: Any) -> None:
    service.key = "own key 77"
    server = service_server(service.vendor, key="own key 77")
    assert use_own_server(server, from_address=FROM, now=NOW, actor=ALICE)
    deliver_message(queue(), now=NOW)
    assert len(service.sent) == 1
    assert b"own key 77" not in bytes(MailSettings.objects.get().sealed_password)
    assert "own key 77" not in repr(mail_sender())
    body = body_of_entry(Entry.objects.filter(subject="mail_settings").order_by("-seq")[0])
    assert body["payload"]["after"] == {"host": server.host, "port": "443", "scheme": service.vendor}
    assert "own key 77" not in str(body)
    assert use_platform_server(now=NOW, actor=ALICE)
    assert (mail_sender().own_server, bytes(MailSettings.objects.get().sealed_password)) == (None, b"")


def test_what_django_sends_at_once_leaves_by_the_service_too(service: MailServiceSimulator) -> None:
    backend = get_connection("providers.mail.services.django.EmailBackend")
    mail = EmailMessage(
        "Grüße", "Ihr Code: 1234\n", f"Acme <{FROM}>", ["ben@example.org"], connection=backend
    )
    assert mail.send() == 1
    (taken,) = service.sent
    assert (taken.recipient, taken.mail["Subject"]) == ("ben@example.org", "Grüße")
    assert taken.mail.get_content() == "Ihr Code: 1234\r\n" or taken.mail.get_content() == "Ihr Code: 1234\n"
    service.fail("POST", reply=Reply(status=401))
    with pytest.raises(OSError, match="does not take the key"):
        mail.send()


@pytest.mark.parametrize(
    ("name", "key", "words"),
    [("pigeon", KEY, "must be one of mailgun"), ("mailgun", "", "HOLDFAST_MAIL_SERVICE_KEY is not set")],
)
def test_a_setting_that_cannot_be_is_said(settings: Any, name: str, key: str, words: str) -> None:
    settings.HOLDFAST_MAIL_SERVICE, settings.HOLDFAST_MAIL_SERVICE_KEY = name, key
    with pytest.raises(Misconfigured, match=words):
        platform_server()


# -- what a service reports ----------------------------------------------------------------------------


def told(world: World, call: tuple[bytes, dict[str, str]], *, host: str = "localhost") -> int:
    """Call the hook of the platform's host, as the service does; return the status."""
    content, headers = call
    kind = headers["Content-Type"]
    more = {name: value for name, value in headers.items() if name != "Content-Type"}
    with world.enter("staff"):  # a request leaves its tenant behind it
        answer = Client().post("/hooks/mail/", content, content_type=kind, headers={"host": host, **more})
    return answer.status_code


def test_a_reported_failure_marks_the_mail_once(service: MailServiceSimulator, world: World) -> None:
    made = queue()
    deliver_message(made, now=NOW)
    (taken,) = service.sent
    for event in ("delivered", "temporary"):
        assert told(world, service.report(taken, event, "later")) == 200
        assert get_message(made).fate == "sent"
    for _ in range(2):
        assert told(world, service.report(taken, "permanent", "550 5.1.1 no such user")) == 200
    message = get_message(made)
    assert (message.fate, message.failed_words) == ("bounced", "It came back: 550 5.1.1 no such user")
    assert Entry.objects.filter(subject=f"message:{made}").count() == 1


def test_a_report_that_is_not_the_services_or_not_of_our_mail_changes_nothing(
    service: MailServiceSimulator, world: World, settings: Any
) -> None:
    made = queue()
    deliver_message(made, now=NOW)
    (taken,) = service.sent
    assert told(world, service.report(taken, "permanent", "no", key="another:key")) == 403
    assert told(world, (b"rubbish", {"Content-Type": "application/json"})) == 403
    assert told(world, service.report(taken, "permanent", "no"), host="acme.localhost") == 404
    digit = "1" if taken.reference[-1] == "0" else "0"
    forged = type(taken)(taken.recipient, taken.content, taken.reference[:-1] + digit)
    assert told(world, service.report(forged, "permanent", "no")) == 200
    gone = type(taken)(taken.recipient, taken.content, bounce_mark(1, schema=f"t_{'0' * 16}"))
    assert told(world, service.report(gone, "permanent", "no")) == 200  # a business that has left
    settings.HOLDFAST_MAIL_SERVICE_HOOK_KEY = ""
    assert told(world, service.report(taken, "permanent", "no")) == 403
    assert [each.fate for each in Message.objects.all()] == ["sent"]
