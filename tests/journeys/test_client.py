"""A client books, moves and cancels in a real browser: on a phone, with and without script, at both businesses."""

import re
from collections import Counter
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Request, expect

from tests.journeys.chromium import PATIENCE_MS
from tests.journeys.conftest import OpenClient
from tests.running import Running, eventually

pytestmark = pytest.mark.browser

OFFERS = [("acme", "/book/intro-call/"), ("northwind", "/book/meet/")]


def status_for_others(demo: Running, address: str) -> int:
    """What somebody gets who has this address, but not the browser that booked."""
    parts = urlsplit(address)
    headers = {"Host": parts.netloc}
    return httpx.get(
        f"http://127.0.0.1:{demo.port}{parts.path}", headers=headers, timeout=PATIENCE_MS / 1000
    ).status_code


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize(("host", "path"), OFFERS, ids=["acme", "northwind"])
def test_a_client_on_a_phone_books_moves_and_cancels(
    demo: Running, client_at: OpenClient, host: str, path: str, script: bool
) -> None:
    client = client_at(host, width=390, script=script)
    address = f"{host}.{'script' if script else 'plain'}@example.com"
    client.open("/")
    client.page.locator(f'a[href="{path}"]').click()
    chosen = client.choose(day=2, time=1)
    client.give_details(email=address)
    client.wait_until("You are booked")
    assert client.hours().startswith(chosen)
    assert client.page.locator("a.address").count() == 1
    assert eventually(lambda: demo.mail(address)) != Counter()
    old_address = client.page.url
    client.page.get_by_role("button", name="Test the link").click()
    expect(client.page.get_by_text("The link works.")).to_be_visible()
    client.page.goto(old_address)

    client.page.get_by_role("link", name="Move it to another time").click()
    moved = client.choose(day=3, time=3)
    client.wait_until("You are booked")
    expect(client.page.locator(".facts-table > div").nth(1)).to_contain_text(moved)
    assert client.page.url != old_address  # a move makes the older link void
    assert status_for_others(demo, old_address) == 404
    assert status_for_others(demo, client.page.url) == 200

    client.page.get_by_role("link", name="Cancel it").click()
    client.page.get_by_label("Why").fill("The train is late.")
    client.page.get_by_role("button", name="Cancel the meeting").click()
    client.wait_until("This meeting is cancelled")
    expect(client.page.locator(".facts-table")).to_contain_text("The train is late.")


def test_the_whole_path_works_by_keyboard(client_at: OpenClient) -> None:
    client = client_at("acme", width=1280)
    page = client.page
    client.open("/book/consultation/")

    def tab_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                outline = page.evaluate(
                    "getComputedStyle(document.activeElement.matches('.start input') ?"
                    " document.activeElement.nextElementSibling : document.activeElement).outlineStyle"
                )
                assert outline == "solid"
                return
        raise AssertionError(f"Tab never came to {selector}")

    if page.locator("a.day.open").count() == 1:  # the last open day of a month
        tab_to("#next-month")
        page.keyboard.press("Enter")
        expect(page.locator("a.day.open").nth(1)).to_be_visible()
    tab_to("a.day.open:not(.chosen)")
    focused = page.evaluate("document.activeElement.id")
    page.keyboard.press("Enter")
    expect(page.locator(f"#{focused}.chosen")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == focused  # the fragment kept the focus where it was
    tab_to(".start input")
    page.keyboard.press("ArrowDown")
    tab_to(".start button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Who is coming?")).to_be_visible()
    tab_to("[name=name]")
    page.keyboard.type("Eva-Maria von Hohenstein-Weißenfels")
    tab_to("[name=email]")
    page.keyboard.type("eva@example.com")
    page.keyboard.press("Enter")
    client.wait_until("You are booked")


def test_times_follow_the_visitors_zone_and_the_same_instant_is_booked(
    demo: Running, client_at: OpenClient
) -> None:
    client = client_at("acme", width=1280, time_zone="Asia/Tokyo")
    client.open("/book/site-visit/")
    expect(client.page.locator(".zone-now")).to_contain_text("Tokyo time (UTC+9)")
    detail = client.page.locator(".start small").first
    expect(detail).to_contain_text("in Lisbon")
    chosen = client.choose(day=4, time=0)
    client.give_details(email="tokyo@example.com")
    client.wait_until("You are booked")
    assert client.hours().startswith(chosen)
    (row,) = demo.rows(
        "acme",
        "SELECT m.starts_at AT TIME ZONE 'Asia/Tokyo' AS local FROM booking_booking b"
        " JOIN booking_meeting m ON m.id = b.meeting_id WHERE b.attendee_email = 'tokyo@example.com'",
    )
    assert f"{row['local']:%H:%M}" == chosen


def test_the_list_of_zones_can_be_searched(client_at: OpenClient) -> None:
    client = client_at("acme", width=1280)
    client.open("/book/intro-call/")
    client.page.get_by_text("Change time zone").click()
    client.page.get_by_role("combobox").fill("kathm")
    expect(client.page.get_by_role("option")).to_have_count(1)
    client.page.keyboard.press("Enter")
    expect(client.page.locator(".zone-now")).to_contain_text("Kathmandu time (UTC+5:45)")
    client.open("/book/consultation/")  # remembered
    expect(client.page.locator(".zone-now")).to_contain_text("Kathmandu time (UTC+5:45)")


def test_people_are_found_without_their_accents(client_at: OpenClient) -> None:
    client = client_at("northwind", width=1280)
    client.open("/")
    expect(client.page.get_by_text("Next:").first).to_be_visible()  # the list was swapped by then
    client.page.get_by_role("searchbox").fill("chloe lau")
    expect(client.page.locator("#people .person:visible")).to_have_text(re.compile("Chloé Laurent"))
    client.page.get_by_role("searchbox").fill("nobody")
    expect(client.page.locator("#people .person:visible")).to_have_count(0)


def test_without_script_the_zone_is_the_hosts_and_can_be_changed(client_at: OpenClient) -> None:
    client = client_at("acme", script=False, time_zone="Asia/Tokyo")
    client.open("/book/intro-call/")
    lisbon = re.compile(r"Times are in Lisbon time \(UTC(\+1)?\), the host’s own\.")  # by the season
    expect(client.page.locator(".zone-now")).to_contain_text(lisbon)
    client.page.get_by_text("Change time zone").click()
    client.page.get_by_label("Time zone").select_option("Asia/Tokyo")
    client.page.get_by_role("button", name="Show these times").click()
    expect(client.page.locator(".zone-now")).to_contain_text("Times are in Tokyo time (UTC+9).")


def test_of_two_clients_on_one_time_one_gets_it_and_the_other_the_nearest(client_at: OpenClient) -> None:
    first, second = client_at("acme"), client_at("acme")
    for client in (first, second):
        client.open("/book/consultation/")
        client.pick(day=3, time=2)
    for client in (first, second):
        client.go_on()
    expect(first.page.get_by_role("heading", name="Who is coming?")).to_be_visible()
    expect(second.page.get_by_role("heading", level=1)).to_have_text(
        re.compile("That time has just gone|One moment")
    )
    second.page.locator(".alternatives button").first.click()
    second.give_details(email="second@example.com")
    second.wait_until("You are booked")


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_is_cut_off_nothing_is_too_small_nothing_leaves_the_site(
    client_at: OpenClient, width: int
) -> None:
    for host, path in (
        ("acme", "/"),
        ("acme", "/book/intro-call/"),
        ("northwind", "/"),
        ("northwind", "/book/panel/"),
    ):
        client = client_at(host, width=width)
        asked: set[str] = set()

        def note(request: Request, seen: set[str] = asked) -> None:
            seen.add(urlsplit(request.url).hostname or "")

        client.page.on("request", note)
        client.open(path)
        client.page.wait_for_load_state("networkidle")
        assert asked == {f"{host}.localhost"}
        assert client.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        small = client.page.evaluate(
            """() => [...document.querySelectorAll('a.day, .start label, .turn, .offer, .person a, .anyone, button')]
                .filter(one => one.checkVisibility())
                .map(one => [one.textContent.trim(), one.getBoundingClientRect()])
                .filter(([, box]) => box.height < 43.5 || box.width < (innerWidth < 390 ? 36 : 43.5))
                .map(([words, box]) => `${words} ${box.width}x${box.height}`)"""
        )
        assert small == []
