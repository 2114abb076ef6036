"""An owner takes everything away: the password once more, one file, and the file proves itself elsewhere."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tenants.exporting.verifying import verify_export
from tests.journeys.conftest import OpenClient
from tests.journeys.test_settling_in import OWNER, show_again, sign_in
from tests.running import Running

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_owner_takes_everything_away_in_one_file(
    demo: Running, client_at: OpenClient, tmp_path: Path, script: bool
) -> None:
    client = client_at("northwind", width=320, script=script)
    page = sign_in(client, demo)
    client.open("/portal/settings/")
    page.get_by_role("link", name="Take everything away in one file").click()
    show_again(page, demo, OWNER)
    expect(page.get_by_role("heading", level=1, name="Take everything away")).to_be_visible()
    if script:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert Axe().run(page).response["violations"] == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the file").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    proof = verify_export(file)
    assert (proof.name, file.name[:10], file.suffix) == ("Northwind Studio", "northwind-", ".zip")
    expect(page.get_by_text(proof.first_key)).to_be_visible()
