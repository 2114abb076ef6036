"""Every address, each method, each role: what happened, in one letter, and whether it should have.

`pytest -s tests/isolation/test_every_address.py` prints the whole matrix.

y  an answer (2xx, 3xx within the site, or a refusal of the content: 400, 409, 422, 429)
s  sent to sign in          n  refused: 403, 404, 401
-  the address does not know the method (405)          !  5xx
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from kernel.postgres.role import speak_as
from tests.database import World, copy_of, drop
from tests.isolation.addresses import CONFIGURATIONS, Address, every_address
from tests.isolation.people import CANARIES, ROLES, STAFF_ROLES, Scene, knock
from tests.isolation.rules import ANY, EVERYONE, RULES, Rule

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HOSTS = {"business": "acme.localhost", "staff": "localhost", "process": "127.0.0.1:8000"}
ALIKE = ("Ana", "Bob", "admin", "staff")  # who is nobody in particular where everyone may
ROLES_AT = {"business": ROLES, "staff": STAFF_ROLES, "process": ("nobody",)}


@dataclass(frozen=True)
class Cell:
    """One knock: what came of it, and what is wrong with that ("" if nothing is)."""

    address: Address
    role: str
    method: str
    status: int
    letter: str
    fault: str = ""
    showed: bool = False  # an answer with the client's name in it


def knocks(scene: Scene, site: str) -> Iterator[Cell]:
    """Knock at every address of the site that has a rule, in every role, with every method.

    A POST by somebody who may gets a copy of the scene's database, so that nothing is used up for the next.
    """
    for role in ROLES_AT[site]:
        cookies = knock(scene.world, role, HOSTS[site]).cookies.output(header="", sep=";")
        for address in every_address():
            rule = RULES[site].get(address.name)
            if address.site != site or rule is None or (rule.may == EVERYONE and role in ALIKE):
                continue
            for method in METHODS:
                with _copy_if(scene.world, role in rule.may and method == "POST"):
                    yield _knock(cookies, scene, address, role, method)


@contextmanager
def _copy_if(world: World, wanted: bool) -> Iterator[None]:
    """Let Django speak to a fresh copy of the world inside the block, if it is wanted."""
    if not wanted:
        yield
        return
    copied = copy_of(world)
    try:
        yield
    finally:
        drop(copied)
        speak_as(world.app_url())


def _knock(cookies: str, scene: Scene, address: Address, role: str, method: str) -> Cell:
    rule = RULES[address.site][address.name]
    response = answer(cookies, scene, address, method)
    letter = _letter(response)
    content = b"" if method == "HEAD" else _content(response)
    shows = any(canary in content for canary in CANARIES)
    fault = _fault(rule, role, method, letter, shows=shows)
    return Cell(address, role, method, response.status_code, letter, fault, showed=shows)


def answer(cookies: str, scene: Scene, address: Address, method: str) -> HttpResponse:
    """Ask once, in a browser with these cookies."""
    rule = RULES[address.site][address.name]
    client = Client(headers={"host": HOSTS[address.site]}, raise_request_exception=False)
    client.cookies.load(cookies)
    path = reverse(address.name, urlconf=CONFIGURATIONS[address.site], kwargs=rule.arguments(scene))
    if method in ("GET", "HEAD"):
        ask = client.get if method == "GET" else client.head
        return ask(path, data=dict(rule.query))  # type: ignore[return-value]  # the test client's is one
    return client.generic(method, path)  # type: ignore[return-value]


def _content(response: HttpResponse) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]


def _letter(response: HttpResponse) -> str:
    status = response.status_code
    if status >= 500:
        return "!"
    if status == 405:
        return "-"
    if status in (301, 302, 303) and "/accounts/login/" in response["Location"]:
        return "s"
    return "n" if status in (401, 403, 404, 410) else "y"


def _fault(rule: Rule, role: str, method: str, letter: str, *, shows: bool) -> str:
    if letter == "!":
        return "a server error"
    if role not in rule.may:
        if letter == "y" and not (rule.methods == ANY and method == "OPTIONS"):
            return "answers whom it should refuse"
        return "shows a client's name to whom it should refuse" if shows else ""
    if method not in rule.methods.split():
        return "" if letter in "-n" else f"knows the method {method}"
    if letter != "y" and rule.methods != ANY:
        return "refuses whom it should answer"
    return "shows a client's name to everyone" if shows and not rule.by_token and role == "nobody" else ""


def table(cells: list[Cell]) -> str:
    """Return the matrix as text: one line for an address, one column for a role, one letter for a method."""
    lines = []
    for site in CONFIGURATIONS:
        roles = ROLES_AT[site]
        lines.append(f"\n{site}: each column {' '.join(METHODS)}")
        lines.append(f"{'':52}" + "".join(f"{role:<20}" for role in roles))
        found = {(cell.address, cell.role, cell.method): cell.letter for cell in cells}
        for address in every_address():
            if address.site == site:
                columns = (
                    "".join(found.get((address, role, method), " ") for method in METHODS) for role in roles
                )
                lines.append(f"{address.route or '/':<52}" + "".join(f"{column:<20}" for column in columns))
    return "\n".join(lines)
