"""Changing words: versions, signed entries, undo, reset; and what the next mail then says."""

import pytest

from audit.api import Actor, Entry, body_of_entry
from booking.api import (
    OCCASIONS,
    Wording,
    WordingNotFound,
    change_wording,
    preview_mail,
    reset_wording,
    undo_wording,
    wording_versions,
    wordings_in_force,
)
from providers.api import change_mail_sender
from providers.models import Message
from tests.booking.clockwork import perform_all
from tests.booking.conftest import mails, web
from tests.booking.scene import booked, now, workday
from tests.database import World
from tests.simulators.smtp import MailSink

__all__ = ["mails", "web"]  # fixtures

ALICE = Actor(type="user", id="7")
ONE, TWO = Wording(heading="One"), Wording(heading="Two {client}", body="Bring a pen.")


def change(wording: Wording, *, language: str = "en") -> bool:
    return change_wording("confirmation", language, wording, now=now(), actor=ALICE)


def test_each_change_is_a_version_with_a_signed_entry_without_the_words(world: World) -> None:
    with world.enter("acme"):
        assert change(ONE)
        assert change(TWO)
        assert not change(TWO)
        assert wordings_in_force("en") == {"confirmation": TWO}
        assert wordings_in_force("de") == {}
        newest, first = wording_versions("confirmation", "en")
        assert (first.wording, newest.wording) == (ONE, TWO)
        body = body_of_entry(Entry.objects.order_by("-seq")[0])
        assert (body["action"], body["subject"]) == ("change_wording", "wording:confirmation:en")
        assert body["payload"] == {
            "version": newest.pk,
            "before": first.pk,
            "fields": ["heading", "body"],
        }
        assert "pen" not in str(body)


def test_undo_and_reset_bring_words_back_and_are_versions_too(world: World) -> None:
    with world.enter("acme"):
        change(ONE)
        change(TWO)
        newest = wording_versions("confirmation", "en")[0].pk
        assert undo_wording("confirmation", "en", newest, now=now(), actor=ALICE)
        assert wordings_in_force("en") == {"confirmation": ONE}
        assert not undo_wording("confirmation", "en", newest, now=now(), actor=ALICE)  # no longer the newest
        assert reset_wording("confirmation", "en", now=now(), actor=ALICE)
        assert wordings_in_force("en") == {}
        newest = wording_versions("confirmation", "en")[0].pk
        assert undo_wording("confirmation", "en", newest, now=now(), actor=ALICE)
        assert wordings_in_force("en") == {"confirmation": ONE}
        actions = [body_of_entry(each)["action"] for each in Entry.objects.order_by("-seq")[:3]]
        assert actions == ["undo_wording", "reset_wording", "undo_wording"]


def test_what_is_not_there_is_refused(world: World) -> None:
    with world.enter("acme"):
        for occasion, language in (("receipt", "en"), ("confirmation", "xx")):
            with pytest.raises(WordingNotFound):
                change_wording(occasion, language, ONE, now=now(), actor=ALICE)
        assert not reset_wording("confirmation", "en", now=now(), actor=ALICE)


def test_the_next_mail_says_the_businesss_words_in_its_language(world: World, mails: MailSink) -> None:
    with world.enter("acme"):
        change_mail_sender(
            language="de", name="Acme Lissabon", reply_to="hallo@acme.example", now=now(), actor=ALICE
        )
        change(Wording(heading="Bis bald, {client}"), language="de")
        change(Wording(heading="See you, {client}"))
        booking = booked("site-visit", workday(11))
        perform_all()
        mine = Message.objects.get(booking_uid=booking.uid, to_address="ben@example.com")
        assert mine.text.splitlines()[3] == f"Bis bald, {booking.attendee_name}"
        assert mine.subject.startswith("Bestätigt: ")
        host = Message.objects.get(booking_uid=booking.uid, kind="confirmation_host")
        assert host.subject.startswith("New booking: ")
    sent = [each.mail for each in mails.received if each.recipients == ("ben@example.com",)]
    assert [str(mail["Reply-To"]) for mail in sent] == ["hallo@acme.example"]
    assert [mail["From"].addresses[0].display_name for mail in sent] == ["Acme Lissabon"]


@pytest.mark.parametrize("language", ["en", "pt", "de"])
def test_every_occasion_has_a_preview_and_writes_nothing(world: World, language: str) -> None:
    with world.enter("acme"):
        entries = Entry.objects.count()
        for occasion in OCCASIONS:
            draft = preview_mail(occasion, language, Wording(heading="[{business}]"), now=now())
            assert "[Acme" in draft.text, occasion
            assert "{" not in draft.text, occasion
        assert (Entry.objects.count(), Message.objects.count()) == (entries, 0)
