"""Meeting types as their hosts see them: what they edit, what they only read, and what the business has locked."""

import re
from typing import Any

import pytest
from django.test import Client

from audit.api import body_of_entry, entries
from booking.api import EventType
from tests.database import World
from tests.portal.business.test_meeting_types import HERE, form, the


def lock(world: World, slug: str = "intro-call", *, locked: bool = True) -> int:
    with world.enter("acme"):
        EventType.objects.filter(slug=slug).update(locked=locked)
    return the(world, slug).pk


def of_host(world: World, **changed: Any) -> dict[str, Any]:
    """Return what Ana's browser would send for the intro call, and whatever somebody adds to it by hand."""
    return form(world, **{"title": "Intro call", "slug": "intro-call", **changed})


def test_the_list_shows_a_host_the_types_that_they_offer(ana: Client, bob: Client, world: World) -> None:
    pk = lock(world, "site-visit")
    page = ana.get(HERE).content.decode()
    with world.enter("acme"):
        offered = EventType.objects.filter(event_type_hosts__host__slug="ana").count()
    assert page.count('class="type of-host"') == offered == 3
    assert page.count("Locked by the business") == 1
    assert f'href="{HERE}{pk}/"' not in page
    assert f'href="{HERE}{the(world, "intro-call").pk}/"' in page
    assert page.count(">Duplicate<") == page.count(">New meeting type<") == page.count('name="to"') == 0
    assert "You host no meeting type yet" in bob.get(HERE).content.decode()


def test_an_owner_locks_and_unlocks_in_the_form_and_the_entry_says_so(alice: Client, world: World) -> None:
    pk = the(world, "intro-call").pk
    assert alice.post(f"{HERE}{pk}/", of_host(world, locked="on")).status_code == 303
    assert the(world, "intro-call").locked is True
    assert re.search(r'name="locked" checked', alice.get(f"{HERE}{pk}/").content.decode())
    assert alice.post(f"{HERE}{pk}/", of_host(world)).status_code == 303
    assert the(world, "intro-call").locked is False
    with world.enter("acme"):
        bodies = [body_of_entry(entry)["payload"] for entry in entries(subject=f"event_type:{pk}")]
    assert [(each["before"]["locked"], each["after"]["locked"]) for each in bodies] == [
        (False, True), (True, False),
    ]  # fmt: skip


def test_a_hosts_form_has_inputs_for_what_is_theirs_and_text_for_the_rest(ana: Client, world: World) -> None:
    page = ana.get(f"{HERE}{the(world, 'intro-call').pk}/").content.decode()
    names = {
        re.sub(r"\d+", "N", name) for name in re.findall(r'name="([^"]+)"', page.split('class="offering"')[1])
    }
    assert {"title", "description", "duration_minutes", "notice", "location_kind", "reminders"} <= names
    business = {
        "slug",
        "kind",
        "capacity",
        "hosts",
        "priority_N",
        "active",
        "requires_approval",
        "locked",
        "series_most",
    }
    assert names & business == set()
    assert not {name for name in names if name.startswith(("limit_", "resource_", "schedule_"))}
    assert "<dt>Kind</dt><dd><bdi>One-on-one</bdi></dd>" in page
    assert "<dt>On offer</dt><dd><bdi>Clients can book it</bdi></dd>" in page
    assert "Delete this meeting type" not in page


def test_a_host_saves_what_is_theirs_and_what_is_added_by_hand_changes_nothing(
    ana: Client, world: World
) -> None:
    old = the(world, "intro-call")
    sent = of_host(
        world, description="Bring a coffee.", kind="group", capacity="50", locked="on", requires_approval="on",
        series_most="9", limit_day_meetings="1", hosts=[],
    )  # fmt: skip
    sent = {name: value for name, value in sent.items() if name != "active"} | {"slug": "mine"}
    answer = ana.post(f"{HERE}{old.pk}/", sent)
    assert (answer.status_code, answer["Location"]) == (303, HERE)
    new = the(world, "intro-call")
    assert (new.description, new.duration_minutes, new.buffer_after_minutes) == ("Bring a coffee.", 45, 10)
    for name in (
        "kind",
        "capacity",
        "locked",
        "requires_approval",
        "series_most",
        "limits",
        "active",
        "approval_minutes",
    ):
        assert getattr(new, name) == getattr(old, name), name
    with world.enter("acme"):
        assert [row.host.slug for row in new.event_type_hosts.all()] == ["ana"]
        body = body_of_entry(entries(subject=f"event_type:{old.pk}")[-1])
    assert (body["action"], body["actor"]["type"]) == ("edit_event_type", "user")


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_locked_type_is_refused_to_its_host_in_words(ana: Client, world: World, method: str) -> None:
    pk = lock(world)
    answer = getattr(ana, method)(
        f"{HERE}{pk}/", of_host(world, title="Mine now") if method == "post" else {}
    )
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "has locked this meeting type. Ask an owner or admin to change it." in page
    assert ("Nothing was saved." in page, 'value="Mine now"' in page) == (method == "post", method == "post")
    assert the(world, "intro-call").title == "Intro call"


def test_an_owner_edits_what_is_locked(alice: Client, world: World) -> None:
    pk = lock(world)
    assert alice.post(f"{HERE}{pk}/", of_host(world, description="Ours.", locked="on")).status_code == 303
    assert the(world, "intro-call").description == "Ours."


def test_a_type_of_another_host_is_not_there(bob: Client, world: World) -> None:
    pk = the(world, "intro-call").pk
    assert bob.get(f"{HERE}{pk}/").status_code == 404
    assert bob.post(f"{HERE}{pk}/", of_host(world, description="Bob was here.")).status_code == 404
    assert bob.post(f"{HERE}preview/", of_host(world, event_type=str(pk))).status_code == 404
    assert the(world, "intro-call").description != "Bob was here."


def test_a_hosts_preview_is_of_a_type_of_theirs_with_the_businesss_fields(ana: Client, world: World) -> None:
    pk = str(the(world, "intro-call").pk)
    sent = of_host(world, event_type=pk, kind="collective", hosts=[]) | {"title": "Seen before"}
    answer = ana.post(f"{HERE}preview/", sent)
    assert answer.status_code == 200
    assert "<bdi>Seen before</bdi>" in answer.content.decode()
    assert ana.post(f"{HERE}preview/", of_host(world)).status_code == 404


def test_what_is_wrong_is_said_to_a_host_and_nothing_typed_is_lost(ana: Client, world: World) -> None:
    answer = ana.post(
        f"{HERE}{the(world, 'intro-call').pk}/", of_host(world, duration_minutes="4", description="Kept.")
    )
    assert answer.status_code == 422
    assert "Write a whole number of minutes from 5 to 1,440." in answer.content.decode()
    assert "Kept." in answer.content.decode()
