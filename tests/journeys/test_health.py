"""An owner reads Health: a fault in consequences, mended with one click; the check on its own, and a phone's width."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.test_owner import OpenOwner, owner_at
from tests.running import Running, eventually

__all__ = ["owner_at"]  # a fixture
pytestmark = pytest.mark.browser

STUCK = """
    INSERT INTO booking_incident (kind, subject, title, consequence, repair, details, state, seen, opened_at,
        last_seen_at, resolved_by)
    VALUES ('stuck', 'parked', 'A run stands still.', 'Ben was told nothing.', 'stuck_run', '{}', 'open', 1,
        now() - interval '1 hour', now() - interval '1 hour', '')
    RETURNING id
"""


def test_owner_has_a_fault_repaired_and_sees_the_promises_kept(demo: Running, owner_at: OpenOwner) -> None:
    assert eventually(
        lambda: demo.rows("acme", "SELECT 1 FROM booking_proberesult WHERE probe = 'trial_booking'"),
        seconds=200,
    )
    demo.rows("acme", STUCK)
    owner = owner_at(width=390, dark=True)
    owner.open("/portal/health/")
    expect(owner.page.get_by_role("heading", level=3, name="Ben was told nothing.")).to_be_visible()
    owner.page.get_by_role("button", name=re.compile("^Repair now")).first.click()
    expect(owner.page.get_by_text("The fixer is at it.")).to_be_visible()
    gone = owner.page.get_by_role("heading", level=3, name="Ben was told nothing.")
    assert eventually(lambda: owner.reload() and gone.count() == 0, every=0.5)
    assert owner.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    owner.page.get_by_role("button", name="Check now").click()
    expect(owner.page.get_by_text("The check runs.")).to_be_visible()
    kept = owner.page.get_by_text("promises kept")
    assert eventually(lambda: owner.reload() and kept.count() == 1, every=0.5)
    kept.click()
    expect(owner.page.get_by_text("An overlap was attempted and refused")).to_be_visible()
    owner.page.get_by_role("link", name="Dry run: what would it do now?").click()
    expect(owner.page.get_by_role("link", name="Close the dry run")).to_be_visible()
    owner.open("/portal/what-ran/")
    expect(owner.page.locator(".run-sentence", has_text="promises").first).to_be_visible()
