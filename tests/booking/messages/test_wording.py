"""Words of clients' mails: every language is whole, placeholders are a closed set, nothing typed becomes markup."""

import re
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from booking.messages import (
    Alternative,
    BookingFacts,
    cancellation_for_attendee,
    cancellation_for_guest,
    confirmation_for_attendee,
    failed_for_attendee,
    invite_for_guest,
    moved_for_attendee,
    reminder_for_attendee,
)
from booking.messages.languages import LANGUAGES
from booking.messages.wording import (
    OCCASIONS,
    InvalidWording,
    Wording,
    check_wording,
    filled,
    paragraphs,
    placeholders,
)
from kernel.reasons import Reason
from tests.booking.messages.example import FACTS, NOW

PLACEHOLDER = re.compile(r"\{(\w+)\}")
EARLIER = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_every_phrase_and_occasion(code: str) -> None:
    tongue, english = LANGUAGES[code], LANGUAGES["en"]
    assert set(tongue.phrases) == set(english.phrases)
    assert set(tongue.guests) == set(english.guests)
    assert set(tongue.shipped) == set(OCCASIONS)
    assert set(tongue.reasons) <= set(Reason)
    for key, words in english.phrases.items():
        assert set(PLACEHOLDER.findall(tongue.phrases[key])) == set(PLACEHOLDER.findall(words)), key


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("occasion", OCCASIONS)
def test_shipped_words_pass_the_check_of_typed_ones(code: str, occasion: str) -> None:
    shipped = LANGUAGES[code].shipped[occasion]
    assert check_wording(occasion, shipped) == shipped
    assert shipped.subject
    assert shipped.heading


@pytest.mark.parametrize(
    ("code", "subject", "first", "second", "labels"),
    [
        (
            "de",
            "Bestätigt: Intro call mit Ana Martins, Di, 03.11.2026, 15:30 Europe/Berlin",
            "Dienstag, 3. November 2026, 15:30–16:00 Uhr (Europe/Berlin, UTC+1)",
            "Teilnehmen: http://acme.localhost:8000/room/tok/",
            ["Termin: Intro call", "Mit: Ana Martins", "Gäste: guest@example.org", "Ändern oder absagen:"],
        ),
        (
            "pt",
            "Confirmada: Intro call com Ana Martins, ter., 03/11/2026, 15:30 Europe/Berlin",
            "Terça-feira, 3 de novembro de 2026, 15:30–16:00 (Europe/Berlin, UTC+1)",
            "Entrar: http://acme.localhost:8000/room/tok/",
            [
                "Reunião: Intro call",
                "Com: Ana Martins",
                "Convidados: guest@example.org",
                "Alterar ou cancelar:",
            ],
        ),
    ],
)
def test_a_client_is_written_to_in_the_businesss_language(
    code: str, subject: str, first: str, second: str, labels: list[str]
) -> None:
    draft = confirmation_for_attendee(_in(code), now=NOW)
    lines = draft.text.splitlines()
    assert (draft.subject, lines[0], lines[1]) == (subject, first, second)
    assert [label for label in labels if label not in lines] == []
    assert f'<html lang="{code}">' in draft.html


@pytest.mark.parametrize("code", ["de", "pt"])
def test_no_english_is_left_in_a_clients_or_a_guests_mail(code: str) -> None:
    facts = _in(code)
    wanted = Alternative(starts_at=EARLIER, url="http://acme.localhost:8000/book/intro-call/")
    drafts = [
        confirmation_for_attendee(facts, now=NOW),
        reminder_for_attendee(facts),
        moved_for_attendee(facts, previous_starts_at=EARLIER, now=NOW),
        cancellation_for_attendee(facts, by="attendee", reason="", now=NOW),
        failed_for_attendee(
            facts, words="The host became busy.", alternatives=[wanted], code="calendar_busy"
        ),
        invite_for_guest(facts, "guest@example.org", what="confirmation", now=NOW),
        cancellation_for_guest(facts, "guest@example.org", now=NOW),
    ]
    english = re.compile(r"\b(the|your|you|with|was|is|and|meeting|time|booking)\b", re.IGNORECASE)
    for draft in drafts:
        said = re.sub(r"https?://\S+", "", draft.subject + "\n" + draft.text)
        assert english.findall(said) == [], draft.kind
        assert "{" not in said, draft.kind


def test_own_words_count_field_by_field_and_the_rest_is_shipped() -> None:
    own = Wording(heading="Hello {client}, see you at {business}", body="Bring a pen.\n\n{how_to_join}")
    draft = confirmation_for_attendee(_with("confirmation", own), now=NOW)
    lines = draft.text.splitlines()
    assert lines[3] == "Hello Ben Müller, see you at Acme Advisory"
    assert lines[5] == "Bring a pen."
    assert lines[7].startswith("Open the link in your browser")
    assert draft.subject.startswith("Confirmed: Intro call with Ana Martins")


@pytest.mark.parametrize("occasion", OCCASIONS)
def test_the_time_and_the_link_stay_whatever_the_words_are(occasion: str) -> None:
    shouting = Wording(subject="x", heading="x", body="x", footer="x")
    facts = _with(occasion, shouting)
    draft = confirmation_for_attendee(facts, now=NOW)
    assert draft.text.splitlines()[:2] == [
        "Tuesday 3 November 2026, 15:30–16:00 (Europe/Berlin, UTC+1)",
        "Join: http://acme.localhost:8000/room/tok/",
    ]
    assert "http://acme.localhost:8000/b/b1/token/" in draft.text


def test_markup_in_words_and_in_a_clients_name_is_text() -> None:
    own = Wording(
        heading="<b>{client}</b>", body="<script>alert(1)</script>\n\n<a href='x'>{host}</a>", footer="<i>"
    )
    facts = _with("confirmation", own)
    facts = replace(facts, attendee=replace(facts.attendee, name="<img src=x onerror=alert(1)>{host}"))
    html = confirmation_for_attendee(facts, now=NOW).html
    assert re.findall(r"<(script|img|b|i|a href='x')\b", html) == []
    assert (
        "&lt;b&gt;&lt;img src=x onerror=alert(1)&gt;{host}&lt;/b&gt;" in html
    )  # a name is not looked at again


def test_an_unknown_placeholder_is_refused_by_name_and_field() -> None:
    with pytest.raises(InvalidWording) as refused:
        check_wording(
            "confirmation", Wording(subject="Hi {name}", body="{settings} {why}", footer="{client}")
        )
    assert refused.value.faults == {
        "subject": "There is no placeholder {name} here. Choose one from the list.",
        "body": "There is no placeholder {settings} here. Choose one from the list.",
    }
    with pytest.raises(InvalidWording) as refused:
        check_wording("confirmation", Wording(subject="x" * 201))
    assert refused.value.faults == {"subject": "At most 200 characters; these are 201."}


def test_code_in_braces_is_only_text() -> None:
    text = "{client.__class__} {0} {client!r} { client } {{client}}"
    assert filled(text, {"client": "Ben"}) == "{client.__class__} {0} {client!r} { client } {Ben}"
    assert paragraphs("{a}\n\n {b} \n \nc", {"a": "", "b": "B"}) == ("B", "c")


def test_each_placeholder_of_an_occasion_is_filled_in_its_mail() -> None:
    for occasion, make in _MAKERS.items():
        own = Wording(body="\n\n".join(f"[{{{name}}}]" for name in placeholders(occasion)))
        said = make(_with(occasion, own)).text
        assert PLACEHOLDER.findall(said) == [], occasion
        assert said.count("[") == len(placeholders(occasion)), occasion


_MAKERS = {
    "confirmation": lambda facts: confirmation_for_attendee(facts, now=NOW),
    "reminder": reminder_for_attendee,
    "moved": lambda facts: moved_for_attendee(facts, previous_starts_at=EARLIER, now=NOW),
    "cancellation": lambda facts: cancellation_for_attendee(facts, by="host", reason="Ill", now=NOW),
    "failed": lambda facts: failed_for_attendee(facts, words="Why.", alternatives=[]),
}


def test_wording_is_shipped_only_when_every_field_is_empty() -> None:
    assert Wording().is_shipped
    for each in fields(Wording):
        assert not Wording(**{each.name: "x"}).is_shipped


def _in(code: str) -> BookingFacts:
    return replace(FACTS, business=replace(FACTS.business, language=code))


def _with(occasion: str, own: Wording) -> BookingFacts:
    return replace(FACTS, business=replace(FACTS.business, wordings={occasion: own}))
