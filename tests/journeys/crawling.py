"""Every page that links lead to, one of each address, looked at by axe-core and at the narrowest width.

A page is found as a person finds it: by following links from where they come in. So a page that nothing leads
to is not found, and the test that compares with the URL configurations says so.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from django.urls import Resolver404, resolve
from playwright.sync_api import Page

NARROWEST, WIDE = 320, 1280
_LEAVES = re.compile(r"^/\.well-known/|/(meeting\.ics|logo|brand\.css)$|/html/$|^/api/|^/static/")
_AXE = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
_TOO_WIDE = """() => {
    const limit = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= limit) return '';
    const wide = [...document.querySelectorAll('body *')].filter(
        (each) => each.getBoundingClientRect().right > limit + 1);
    return wide.slice(-3).map((each) => each.tagName + '.' + each.className).join(' ') || 'something';
}"""


@dataclass
class Visit:
    """One person's way through one site; `seen` names the addresses, `faults` what was wrong with which."""

    page: Page
    root: str
    urlconf: str
    seen: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def walk(self, starts: Iterable[str]) -> None:
        """Look at each start, then at one page of every address that any of the pages links to."""
        self.waiting += starts
        while self.waiting:
            path = self.waiting.pop(0)
            name = self._name(path)
            if name and name not in self.seen:
                self.seen[name] = path
                self._look(path)

    def look_again(self, path: str) -> None:
        """Look at one more page of an address that was seen in another state."""
        self._look(path)

    def _look(self, path: str) -> None:
        errors: list[str] = []
        self.page.once("pageerror", lambda error: errors.append(f"error: {error}"))

        def note(message: Any) -> None:
            if message.type == "error":
                errors.append(f"console: {message.text}")

        self.page.on("console", note)
        self.page.set_viewport_size({"width": WIDE, "height": 900})
        for scheme in ("dark", "light"):  # loaded in its scheme: a switch repaints late
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            answer = self.page.goto(urljoin(self.root, path))
            if answer is None or answer.status != 200:
                errors.append(f"status {answer.status if answer else 'none'}")
            errors += self._violations(scheme)
        self.page.set_viewport_size({"width": NARROWEST, "height": 700})
        if wide := self.page.evaluate(_TOO_WIDE):
            errors.append(f"scrolls sideways at {NARROWEST} px: {wide}")
        self.page.remove_listener("console", note)
        self.faults += [f"{path} {error}" for error in errors]
        self._follow()

    def _violations(self, scheme: str) -> list[str]:
        self.page.evaluate(AXE_SCRIPT)
        return [
            f"{scheme}: {found['id']} ({found['impact']}): "
            + "; ".join(str(n["target"]) for n in found["nodes"][:4])
            for found in self.page.evaluate(_AXE)
        ]

    def _follow(self) -> None:
        links = self.page.eval_on_selector_all("a[href]", "all => all.map(each => each.href)")
        here = urlsplit(self.root)
        for link in links:
            parts = urlsplit(link)
            if parts.netloc == here.netloc and not _LEAVES.search(parts.path):
                self.waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))

    def _name(self, path: str) -> str:
        try:
            return resolve(urlsplit(path).path, urlconf=self.urlconf).view_name
        except Resolver404:
            self.faults.append(f"{path} is linked and leads nowhere")
            return ""
