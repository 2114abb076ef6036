"""Whatever an owner changes in the portal leaves a signed entry of theirs: each address with a POST, tried."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django.plugin import DjangoDbBlocker

from accounts.api import User
from audit.api import body_of_entry
from audit.models import Entry
from booking.incidents import open_incident
from holdfast.embedded.postgres import EmbeddedPostgres
from kernel.postgres.role import speak_as
from tests.booking.scene import now, workday
from tests.database import PASSWORD, clone, copy_of, drop
from tests.isolation.addresses import CONFIGURATIONS
from tests.isolation.forms import Fields, forms_of
from tests.isolation.people import Scene, knock, make_scene
from tests.isolation.rules import RULES

HOST = "acme.localhost"


@dataclass(frozen=True)
class Try:
    """What to send: `changes` over what the form on the page `at` (default: the address itself) would send."""

    changes: dict[str, str | list[str]] = field(default_factory=dict)
    at: str = ""
    first: Callable[[Scene, Client], None] | None = None
    arguments: dict[str, Any] = field(default_factory=dict)


def _ago(scene: Scene, _client: Client) -> None:
    """The meeting began an hour ago."""
    with scene.world.superuser("acme") as database:
        database.execute("SET session_replication_role = replica")
        database.execute(
            "UPDATE booking_meeting SET starts_at = now() - interval '1 hour', ends_at = now() WHERE id = %s",
            [scene.booking.meeting_id],
        )


def _no_show(scene: Scene, client: Client) -> None:
    _ago(scene, client)
    client.post(_address("business:no_show", scene))


def _closed(scene: Scene, client: Client) -> None:
    days = str(workday(9, days=9).date())
    client.post(_address("business:add_override", scene), {"first": days, "kind": "closed"})


def _away(scene: Scene, client: Client) -> None:
    client.post(_address("business:add_time_off", scene), {"first": str(workday(9, days=9).date())})


def _deactivated(scene: Scene, client: Client) -> None:
    client.post(_address("business:deactivate_person", scene))


def _gone(scene: Scene, _client: Client) -> None:
    with scene.world.superuser("acme") as database:
        database.execute("UPDATE providers_webhookendpoint SET active = false")


def _broken(scene: Scene, _client: Client) -> None:
    with scene.world.enter("acme"):
        open_incident(
            "odd", subject="odd:1", title="Odd.", consequence="None.", repair="", tell=False, now=now()
        )


def _password(_scene: Scene, client: Client) -> None:
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


DAY = str(workday(9, days=9).date())
TRIES: dict[str, Try] = {
    "business:cancel": Try({"reason": "The train is late."}),
    "business:reschedule": Try({"start": f"{workday(11, days=9):%Y-%m-%dT%H:%M:%SZ}"}),
    "business:no_show": Try(first=_ago, at="-"),
    "business:came": Try(first=_no_show, at="-"),
    "business:new_meeting_type": Try({"title": "A new one", "slug": "a-new-one", "hosts": ["1"]}),
    "business:meeting_type": Try({"title": "Another name"}),
    "business:delete_meeting_type": Try(arguments={"event_type_id": 2}),
    "business:duplicate_meeting_type": Try(at="-"),
    "business:offer_meeting_type": Try({"offered": "no"}, at="-"),
    "business:place_meeting_type": Try({"to": "up"}, at="-"),
    "business:resources": Try({"name": "Blue room", "kind": "room"}, at="-"),
    "business:invite": Try({"name": "Ivo", "email": "ivo@acme.example", "role": "host"}),
    "business:person": Try({"name": "Ana Maria Martins"}, arguments={"key": "u2"}),
    "business:person_role": Try({"role": "admin"}, at="-"),
    "business:person_bookable": Try(at="-", arguments={"key": "u1"}),
    "business:deactivate_person": Try(at="-"),
    "business:reactivate_person": Try(at="-", first=_deactivated),
    "business:resend_invitation": Try(at="-"),
    "business:withdraw_invitation": Try(at="-"),
    "business:hours": Try({"opens_0": ["08:00"]}),
    "business:add_override": Try({"first": DAY, "kind": "closed"}, at="-"),
    "business:delete_override": Try({"first": DAY, "last": DAY}, at="-", first=_closed),
    "business:schedules": Try({"act": "create", "name": "Evenings"}, at="-"),
    "business:add_time_off": Try({"first": DAY}, at="-"),
    "business:end_time_off": Try(at="-", first=_away),
    "business:host_holidays": Try({"country": "PT"}, at="-"),
    "business:host_limits": Try({"limit_day_meetings": "3"}, at="-"),
    "business:holidays": Try({"country": "PT"}),
    "business:calendar": Try({"reads": [], "writes": ""}, at="-"),
    "business:disconnect_calendar": Try(),
    "business:add_webhook": Try({"url": "https://hooks.example/b"}),
    "business:rotate_webhook": Try(at="-"),
    "business:switch_on_webhook": Try(at="-", first=_gone),
    "business:remove_webhook": Try(),
    "business:resolve_incident": Try(at="-", first=_broken),
    "business:change_business": Try({"name": "Acme and Sons"}, at="business:settings"),
    "business:change_colour": Try({"accent": "#aa0000"}, at="business:settings"),
    "business:change_access": Try({"access": "members"}, at="business:settings"),
    "business:change_pause": Try(at="-"),
    "business:change_second_factor": Try({"required": "yes"}, at="-"),
    "business:take_away": Try(at="-", first=_password),
    "business:api_keys": Try({"name": "CRM", "scopes": ["bookings:read"]}, at="-"),
    "business:revoke_api_key": Try(),
    "business:wording": Try({"subject": "Other words"}),
    "business:mail_sender": Try({"name": "Acme’s desk"}),
}
# Addresses with a POST that are not tried here: each with its reason.
NOT_HERE = {
    "business:new_booking": "a booking: the guard refuses one without an entry",
    "business:approve": "of a pending booking: the guard refuses a change without an entry",
    "business:decline": "of a pending booking: the guard refuses a change without an entry",
    "business:reassign": "a move: the guard refuses one without an entry",
    "business:undo_run": "starts a run, whose steps are signed",
    "business:undo_step": "starts a run, whose steps are signed",
    "business:check_health": "starts a run, whose steps are signed",
    "business:repair_incident": "starts a run, whose steps are signed",
    "business:meeting_type_preview": "changes nothing",
    "business:wording_preview": "changes nothing",
    "business:hours_preview": "changes nothing",
    "business:test_calendar": "changes nothing that anybody set",
    "business:test_webhook": "changes nothing that anybody set",
    "business:jitsi": "needs a server of one’s own: tests of Jitsi",
    "business:forget_jitsi": "needs a server of one’s own: tests of Jitsi",
    "business:text_carrier": "needs a Twilio: tests/portal/business/test_texts.py",
    "business:try_text": "changes nothing that anybody set",
    "business:switch_texts_off": "needs texts that are on: tests/portal/business/test_texts.py",
    "business:text_again": "needs a text: tests/portal/business/test_texts.py",
    "business:zoom_app": "needs a Zoom: tests/portal/business/test_zoom.py",
    "business:test_zoom": "changes nothing that anybody set",
    "business:forget_zoom": "needs a Zoom: tests/portal/business/test_zoom.py",
    "business:test_zoom_account": "changes nothing that anybody set",
    "business:disconnect_zoom_account": "needs a Zoom: tests/portal/business/test_zoom.py",
    "business:test_jitsi": "changes nothing that anybody set",
    "business:test_mail_server": "changes nothing that anybody set",
    "business:connect_calendar": "needs a server: tests/portal/business/test_connections.py, tests/journeys",
    "business:subscribe_calendar": "needs a server: tests/portal/business/test_feeds.py",
    "business:connect_account": "leads to a vendor; what comes back is signed: tests/portal/business/test_accounts.py",
    "business:oauth_client": "needs a vendor that takes it: tests/portal/business/test_accounts.py",
    "business:test_oauth_client": "changes nothing that anybody set",
    "business:remove_oauth_client": "needs one of one’s own first: tests/portal/business/test_accounts.py",
    "business:change_calendar": "needs a server: tests/portal/business/test_connections.py",
    "business:change_logo": "needs a picture: tests/portal/business/test_settings.py",
    "business:own_mail_server": "needs a server: tests of the sender",
    "business:own_mail_service": "needs a service: tests of the sender",
    "business:platform_mail_server": "needs a server of one’s own first: tests of the sender",
    "business:undo_wording": "needs words of one’s own first: tests of the wording",
    "business:reset_wording": "needs words of one’s own first: tests of the wording",
    "business:add_chat": "needs a chat: tests of the chats",
    "business:send_again": "needs a mail server: tests/portal/business/test_acts.py",
    "business:resource": "needs a room first: tests of resources",
}


@pytest.fixture(scope="module")
def scene(postgres_server: EmbeddedPostgres, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with django_db_blocker.unblock():
        world = clone(postgres_server)
        made = make_scene(world)
        yield made
        drop(world)


@pytest.fixture
def own(scene: Scene) -> Iterator[Scene]:
    """The same scene, in a copy of its database."""
    copied = copy_of(scene.world)
    try:
        yield replace(scene, world=copied)
    finally:
        drop(copied)
        speak_as(scene.world.app_url())


def test_every_address_with_a_post_is_tried_or_says_why_not() -> None:
    posting = {
        name
        for name, rule in RULES["business"].items()
        if name.startswith("business:") and "POST" in rule.methods.split()
    }
    assert sorted(posting - TRIES.keys() - NOT_HERE.keys()) == [], "decide how its change is signed"
    assert sorted((TRIES.keys() | NOT_HERE.keys()) - posting) == []


@pytest.mark.parametrize("name", TRIES)
def test_what_an_owner_changes_is_signed_with_their_name(own: Scene, name: str) -> None:
    wanted, client = TRIES[name], knock(own.world, "owner", HOST)
    if wanted.first:
        wanted.first(own, client)
    path = _address(name, own, **wanted.arguments)
    sent = _sent(own, client, wanted, path)
    with own.world.enter("acme"):
        before = Entry.objects.count()
        owner = User.objects.get(email="owner@acme.example")
    answer = client.post(path, sent)
    assert answer.status_code in (200, 303), (answer.status_code, answer.content[:3000])
    with own.world.enter("acme"):
        actors = [body_of_entry(entry)["actor"] for entry in Entry.objects.filter(seq__gt=before)]
    by = {f"{actor['type']}:{actor['id']}" for actor in actors} | {actor["on_behalf_of"] for actor in actors}
    assert f"user:{owner.pk}" in by, (answer.status_code, actors)
    connection.close()


def _address(name: str, scene: Scene, **changes: Any) -> str:
    arguments = RULES["business"][name].arguments(scene) | changes
    return reverse(name, urlconf=CONFIGURATIONS["business"], kwargs=arguments)


def _sent(scene: Scene, client: Client, wanted: Try, path: str) -> Fields:
    """Return what the browser would send; "-" as the page: only the changes (a button's form)."""
    if wanted.at == "-":
        return {name: [value] if isinstance(value, str) else value for name, value in wanted.changes.items()}
    page = _address(wanted.at, scene) if wanted.at else path
    found = [form for form in forms_of(client.get(page).content.decode()) if form.action in ("", path)]
    assert found, f"{page} has no form for {path}"
    return found[0].with_(**wanted.changes)
