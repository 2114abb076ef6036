"""From a chosen time to a changed booking, over HTTP, without script: every page and every way out."""

import re
from zoneinfo import ZoneInfo

import pytest
from pytest_django.fixtures import Settings

from booking.api import Booking
from jobs.api import drain
from tests.booking.clockwork import perform_all
from tests.booking.conftest import mails as mails
from tests.booking.conftest import web as web
from tests.database import World
from tests.portal.public.conftest import MARIA, START, WHOLE_DAY, Visitor, entries, heading, text, words
from tests.simulators.http import Answer, http_site
from tests.simulators.smtp import MailSink

ALTERNATIVE = re.compile(r'<button class="button figures" name="start" value="([^"]+)"')


def hidden(source: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', source))


def confirmed(visitor: Visitor, *, start: str = "") -> str:
    """A confirmed booking in person; its address."""
    page = visitor.book("site-visit", start=start)
    drain()
    return page


def test_choosing_a_time_holds_it_and_asks_who_comes(acme: Visitor) -> None:
    start = acme.starts("intro-call")[0]
    details = acme.get(acme.hold("intro-call", start=start))
    assert (details.status_code, heading(details)) == (200, "Who is coming?")
    assert "This time is held for you until" in words(details)
    assert re.search(r'data-deadline="[0-9-]+T[0-9:.]+\+00:00" data-now="', text(details))
    assert start not in acme.starts("intro-call")


def test_a_lost_race_is_a_page_with_the_nearest_times_one_tap_away(acme: Visitor, stranger: Visitor) -> None:
    start = acme.starts("intro-call")[0]
    stranger.hold("intro-call", start=start)
    refused = acme.post("/book/intro-call/hold", {"start": start, "time_zone": "Europe/Lisbon"})
    assert (refused.status_code, heading(refused)) == (409, "That time has just gone")
    assert "Nothing was booked." in words(refused)
    nearest = ALTERNATIVE.findall(text(refused))
    assert len(nearest) == 3
    answer = acme.post("/book/intro-call/hold", hidden(text(refused)) | {"start": nearest[0]})
    assert answer.status_code == 303
    assert heading(acme.get(answer["Location"])) == "Who is coming?"


def test_a_second_lost_race_still_carries_the_details(acme: Visitor, stranger: Visitor) -> None:
    start = acme.starts("intro-call")[0]
    stranger.hold("intro-call", start=start)
    sent = {"start": start, "time_zone": "Europe/Lisbon", **MARIA}
    refused = acme.post("/book/intro-call/hold", sent)
    assert refused.status_code == 409
    assert hidden(text(refused)) == {
        "time_zone": "Europe/Lisbon",
        "name": MARIA["name"],
        "email": MARIA["email"],
    }


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"start": "half past two", "time_zone": "Europe/Lisbon"},
        {"start": "2026-11-24T09:00:00", "time_zone": "Europe/Lisbon"},
        {"start": "9999-12-31T23:59:59+00:00", "time_zone": "Europe/Lisbon"},
        {"start": "2026-11-24T09:00:00+00:00", "time_zone": "Europe/Nowhere"},
    ],
)
def test_a_start_that_cannot_be_read_leads_back_to_the_times(acme: Visitor, sent: dict[str, str]) -> None:
    answer = acme.post("/book/intro-call/hold", sent)
    assert (answer.status_code, answer["Location"]) == (303, "/book/intro-call/")


def test_a_fourth_hold_is_refused_in_words(acme: Visitor) -> None:
    starts = acme.starts("intro-call")
    for start in starts[:3]:
        acme.hold("intro-call", start=start)
    fourth = acme.post("/book/intro-call/hold", {"start": starts[3], "time_zone": "Europe/Lisbon"})
    assert (fourth.status_code, heading(fourth)) == (409, "One moment")
    assert "You are holding several times already." in words(fourth)


def test_details_that_are_wrong_come_back_with_what_was_typed(world: World, acme: Visitor) -> None:
    address = acme.hold("intro-call")
    before = entries(world)
    sent = {"name": "", "email": "maria(at)example", "guests": "ben@example.com, x", "notes": "<b>Äpfel</b>"}
    page = acme.post(address, sent)
    assert page.status_code == 422
    assert "Write your name, so that your host knows who comes." in words(page)
    assert "This is not an e-mail address. It looks like name@example.com." in words(page)
    assert "“x” is not an e-mail address." in words(page)
    assert b"&lt;b&gt;" in page.content
    assert b'value="maria(at)example"' in page.content
    assert b"ben@example.com, x</textarea>" in page.content
    assert entries(world) == before


def test_at_most_ten_guests(acme: Visitor) -> None:
    guests = " ".join(f"guest{number}@example.com" for number in range(11))
    page = acme.post(acme.hold("intro-call"), MARIA | {"guests": guests})
    assert (page.status_code, "At most 10 guests; these are 11." in words(page)) == (422, True)


def test_an_address_that_would_smuggle_a_second_recipient_is_a_fault_of_the_field(acme: Visitor) -> None:
    page = acme.post(acme.hold("intro-call"), MARIA | {"email": "a@example.com,b@example.com"})
    assert page.status_code == 422
    assert "This is not an e-mail address." in words(page)


def test_a_hold_that_ran_out_offers_other_times_and_loses_nothing(world: World, acme: Visitor) -> None:
    address = acme.hold("intro-call")
    uid = address.split("/")[2]
    with world.superuser("acme") as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE booking_booking SET expires_at = clock_timestamp() - interval '1 second' WHERE uid = %s",
            [uid],
        )
    assert "The hold has ended." in words(acme.get(address))
    refused = acme.post(address, MARIA | {"notes": "Second floor"})
    assert (refused.status_code, heading(refused)) == (409, "Your hold ran out")
    kept = hidden(text(refused))
    assert kept == {
        "time_zone": "Europe/Lisbon",
        "name": "Maria Antónia",
        "email": "maria@example.com",
        "notes": "Second floor",
    }
    chosen = ALTERNATIVE.findall(text(refused))[1]
    booked = acme.post("/book/intro-call/hold", kept | {"start": chosen})
    assert booked.status_code == 303
    with world.enter("acme"):
        made = Booking.objects.get(uid=booked["Location"].split("/")[2])
        assert (made.attendee_name, made.answers) == ("Maria Antónia", {"notes": "Second floor"})
        assert (made.status, made.source) == ("awaiting_link", "page")
        assert made.meeting.starts_at.isoformat() == chosen


def test_sent_details_lead_to_a_page_that_refreshes_itself(acme: Visitor) -> None:
    address = acme.book("intro-call")
    page = acme.get(address)
    assert (page.status_code, heading(page)) == (200, "Booking your meeting")
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in text(page)
    assert re.findall(r'<li class="step (\w+)">', text(page)) == ["done", "done", "doing", "waiting"]
    fragment = acme.get(f"{address}progress/", **{"HX-Request": "true"})
    assert text(fragment).startswith('<section class="progress" id="progress"')
    assert "HX-Refresh" not in fragment
    again = acme.get(f"{address}details/")
    assert (again.status_code, again["Location"]) == (303, address)


def test_a_confirmed_booking_says_what_when_where_and_what_can_change(acme: Visitor) -> None:
    address = confirmed(acme)
    page = acme.get(address)
    assert (page.status_code, heading(page)) == (200, "You are booked")
    said = words(page)
    assert "The confirmation and the invite go to maria@example.com" in said
    assert "Rua do Alecrim 26, Lisboa" in said
    assert "http-equiv" not in text(page)
    for way in ("meeting.ics", "reschedule/", "cancel/"):
        assert f'href="{address}{way}"' in text(page)
    assert (
        "https://calendar.google.com/calendar/render?action=TEMPLATE&text=Site+visit%2C+Acme+Advisory"
        in text(page)
    )
    assert "https://outlook.live.com/calendar/0/deeplink/compose?path=" in text(page)
    assert acme.get(f"{address}progress/")["HX-Refresh"] == "true"


def test_the_calendar_file_carries_the_invites_uid(world: World, acme: Visitor) -> None:
    address = confirmed(acme)
    answer = acme.get(f"{address}meeting.ics")
    with world.enter("acme"):
        meeting = Booking.objects.get(uid=address.split("/")[2]).meeting
    lines = answer.content.decode().split("\r\n")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert f"UID:{meeting.uid}@{world.acme}.holdfast" in lines
    local = meeting.starts_at.astimezone(ZoneInfo("Europe/Lisbon"))
    assert f"DTSTART;TZID=Europe/Lisbon:{local:%Y%m%dT%H%M%S}" in lines
    assert lines.count("TZID:Europe/Lisbon") == 1
    assert not [line for line in lines if line.startswith("ATTENDEE")]


def test_a_booking_that_is_not_confirmed_has_no_calendar_file(acme: Visitor) -> None:
    assert acme.get(f"{acme.book('intro-call')}meeting.ics").status_code == 404


@pytest.mark.parametrize("way", ["", "details/", "progress/", "cancel/", "reschedule/", "meeting.ics"])
def test_a_wrong_token_and_an_unknown_booking_are_one_404(acme: Visitor, stranger: Visitor, way: str) -> None:
    address = confirmed(acme)
    _, _, uid, token, _ = address.split("/")
    wrong = stranger.get(f"/b/{uid}/{token[:-1]}{'A' if token[-1] != 'A' else 'B'}/{way}")
    unknown = stranger.get(f"/b/{'x' * 20}/{token}/{way}")
    assert (wrong.status_code, unknown.status_code) == (404, 404)
    assert wrong.content == unknown.content


@pytest.mark.parametrize("uid", ["%00", "a%00b", "²", "%ED%A0%80"])
def test_an_address_that_no_booking_can_have_is_the_same_404(acme: Visitor, uid: str) -> None:
    unknown = acme.get("/b/none/none/")
    for address in (f"/b/{uid}/none/", f"/b/none/{uid}/", f"/series/{uid}/none/", f"/decide/{uid}/1/none/"):
        answer = acme.get(address)
        assert (answer.status_code, answer.content == unknown.content) == (404, True), address


def test_another_business_does_not_know_the_booking(acme: Visitor, northwind: Visitor) -> None:
    assert northwind.get(confirmed(acme)).status_code == 404


def test_guessing_tokens_ends_in_429(acme: Visitor, stranger: Visitor) -> None:
    uid = confirmed(acme).split("/")[2]
    answers = [stranger.get(f"/b/{uid}/{number:032}/").status_code for number in range(61)]
    assert (answers[0], answers[59], answers[60]) == (404, 404, 429)
    last = stranger.get(f"/b/{uid}/{61:032}/")
    assert (heading(last), int(last["Retry-After"]) > 0) == ("A little slower, please", True)


def test_cancelling_asks_first_then_frees_the_time_and_says_so(world: World, acme: Visitor) -> None:
    start = acme.starts("site-visit")[0]
    address = confirmed(acme, start=start)
    before = entries(world)
    assert heading(acme.get(f"{address}cancel/")) == "Cancel this meeting?"
    assert entries(world) == before
    assert start not in acme.starts("site-visit")
    answer = acme.post(f"{address}cancel/", {"reason": "The train is late."})
    assert (answer.status_code, answer["Location"]) == (303, address)
    assert start in acme.starts("site-visit")
    page = acme.get(address)
    assert heading(page) == "This meeting is cancelled"
    assert "You cancelled it." in words(page)
    assert "Why The train is late." in words(page)
    again = acme.post(f"{address}cancel/", {"reason": ""})
    assert (again.status_code, again["Location"]) == (303, address)
    assert acme.get(f"{address}reschedule/")["Location"] == address


def test_moving_offers_the_same_picker_and_follows_to_the_renewed_link(
    acme: Visitor, stranger: Visitor
) -> None:
    address = confirmed(acme)
    picker = acme.get(f"{address}reschedule/{WHOLE_DAY}")
    assert "Until the new time is confirmed, your old one stays yours:" in words(picker)
    chosen = START.findall(text(picker))[-1]
    answer = acme.post(f"{address}reschedule/", {"start": chosen, "time_zone": "Europe/Lisbon"})
    assert (answer.status_code, answer["Location"]) == (303, address)
    drain()
    assert stranger.get(address).status_code == 404  # a move makes older links void
    renewed = acme.get(address)
    assert renewed.status_code == 303
    page = acme.get(renewed["Location"])
    assert heading(page) == "You are booked"
    assert "Moved from" in words(page)
    fragment = acme.get(f"{address}progress/", **{"HX-Request": "true"})
    assert fragment["HX-Redirect"] == renewed["Location"]


def test_a_move_to_a_time_that_went_leaves_the_booking_and_says_so(acme: Visitor, stranger: Visitor) -> None:
    address = confirmed(acme)
    chosen = acme.starts("site-visit")[-1]
    stranger.hold("site-visit", start=chosen)
    refused = acme.post(f"{address}reschedule/", {"start": chosen, "time_zone": "Europe/Lisbon"})
    assert (refused.status_code, heading(refused)) == (409, "That time has just gone")
    assert "Your meeting stands as it was" in words(refused)
    nearest = ALTERNATIVE.findall(text(refused))
    answer = acme.post(f"{address}reschedule/", hidden(text(refused)) | {"start": nearest[0]})
    assert (answer.status_code, answer["Location"]) == (303, address)


def test_a_move_that_failed_offers_the_nearest_times_to_move_to(
    world: World, web: str, mails: MailSink, settings: Settings, acme: Visitor
) -> None:
    address = acme.book("intro-call")
    perform(world)
    chosen = acme.starts("intro-call")[-1]
    with http_site(lambda seen: Answer(status=500)) as broken:
        settings.HOLDFAST_SELF_ADDRESS = broken.address
        acme.post(f"{address}reschedule/", {"start": chosen, "time_zone": "Europe/Lisbon"})
        perform(world)
    settings.HOLDFAST_SELF_ADDRESS = web
    page = acme.get(address)
    assert (page.status_code, heading(page)) == (200, "You are booked")
    assert "Your meeting could not be moved. It stands as it was." in words(page)
    assert f'href="{address}reschedule/">See all open times' in text(page)
    nearest = ALTERNATIVE.findall(text(page))
    assert (len(nearest), nearest[-1]) == (3, chosen)
    answer = acme.post(f"{address}reschedule/", hidden(text(page)) | {"start": nearest[0]})
    assert (answer.status_code, answer["Location"]) == (303, address)
    perform(world)
    moved = acme.get(acme.get(address)["Location"])
    assert "could not be moved" not in words(moved)
    assert "See all open times" not in words(moved)


def test_cancelled_after_a_move_that_failed_it_leads_to_a_new_booking(
    world: World, web: str, mails: MailSink, settings: Settings, acme: Visitor
) -> None:
    address = acme.book("intro-call")
    perform(world)
    chosen = acme.starts("intro-call")[-1]
    with http_site(lambda seen: Answer(status=500)) as broken:
        settings.HOLDFAST_SELF_ADDRESS = broken.address
        acme.post(f"{address}reschedule/", {"start": chosen, "time_zone": "Europe/Lisbon"})
        perform(world)
    settings.HOLDFAST_SELF_ADDRESS = web
    acme.post(f"{address}cancel/", {"reason": ""})
    page = acme.get(address)
    assert heading(page) == "This meeting is cancelled"
    assert 'href="/book/intro-call/"' in text(page)
    assert "reschedule/" not in text(page)


def perform(world: World) -> None:
    """Perform what is due at Acme, retries too."""
    with world.enter("acme"):
        perform_all()


def test_a_seat_in_a_group_session_can_be_cancelled_and_moved(world: World, northwind: Visitor) -> None:
    address = northwind.book("workshop")
    with world.superuser("northwind") as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE booking_booking SET status = 'confirmed', expires_at = NULL")
    page = text(northwind.get(address))
    assert f'href="{address}cancel/"' in page
    assert f'href="{address}reschedule/"' in page
    assert "12 seats left" in text(northwind.get(f"{address}reschedule/{WHOLE_DAY}"))


@pytest.mark.parametrize(
    ("status", "said", "page"),
    [
        ("failed", "This meeting was not booked", "The room did not answer."),
        ("expired", "Your host did not answer in time", "Nothing was booked."),
        ("declined", "Your host could not accept this time", "the time is free again"),
        ("completed", "This meeting has taken place", "Nothing about it can be changed any more."),
        ("no_show", "This meeting did not happen", "Your host noted that nobody came."),
    ],
)
def test_every_end_has_its_page(world: World, acme: Visitor, status: str, said: str, page: str) -> None:
    address = acme.book("intro-call")
    with world.superuser("acme") as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE booking_booking SET status = %s, expires_at = NULL, failure_words = 'The room did not answer.'",
            [status],
        )
    shown = acme.get(address)
    assert (shown.status_code, heading(shown)) == (200, said)
    assert page in words(shown)
    assert "cancel/" not in text(shown)
    if status == "failed":
        kept = hidden(text(shown))
        assert (kept["name"], kept["email"]) == ("Maria Antónia", "maria@example.com")
        assert len(ALTERNATIVE.findall(text(shown))) == 3


def test_names_from_outside_are_shown_not_run(acme: Visitor) -> None:
    address = confirmed(acme)
    acme.post(f"{address}cancel/", {"reason": '<script>alert(1)</script>"><img src=x onerror=alert(1)>'})
    page = acme.get(address)
    assert b"<script>alert" not in page.content
    assert b"<img" not in page.content


def test_a_form_of_another_site_is_refused(world: World, acme: Visitor) -> None:
    start = acme.starts("intro-call")[0]
    sent = {"start": start, "time_zone": "Europe/Lisbon"}
    before = entries(world)
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ):
        refused = acme.post("/book/intro-call/hold", sent, **headers)
        assert (refused.status_code, heading(refused)) == (403, "This came from another site")
    assert entries(world) == before
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": "http://acme.localhost"}):
        assert acme.post("/book/intro-call/hold", sent, **headers).status_code in (303, 409)


def test_the_whole_path_needs_no_cookie(acme: Visitor) -> None:
    acme.get(confirmed(acme))
    assert acme.client.cookies == {}


HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def test_every_page_carries_the_strict_headers(acme: Visitor) -> None:
    address = acme.hold("intro-call")
    for path in ("/", "/book/intro-call/", address, "/nothing/here", "/brand.css"):
        answer = acme.get(path)
        assert {name: answer[name] for name in HEADERS} == HEADERS
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert re.findall(rb"\sstyle=|<style|\son\w+=|<script>", answer.content) == []
    assert acme.get(address.removesuffix("details/"))["Location"] == address
    assert "no-store" in acme.get(confirmed(acme))["Cache-Control"]


def test_the_brand_stylesheet_is_the_tenants_and_cached_for_good(acme: Visitor, northwind: Visitor) -> None:
    (link,) = re.findall(r'href="(/brand\.css\?v=[0-9a-f]{12})"', text(acme.get("/")))
    sheet = acme.get(link)
    assert sheet["Content-Type"] == "text/css; charset=utf-8"
    assert sheet["Cache-Control"] == "public, max-age=31536000, immutable"
    assert b"--accent-fill:light-dark(#0b6e4f," in sheet.content
    assert b"--accent-fill:light-dark(#2456d6," in northwind.get("/brand.css").content
