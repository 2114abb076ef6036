"""The matrix: no address answers whom it should not, none fails, none stands outside a rule."""

from collections.abc import Iterator

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from pytest_django.plugin import DjangoDbBlocker

from holdfast.embedded.postgres import EmbeddedPostgres
from tests.database import World, clone, drop
from tests.isolation.addresses import CONFIGURATIONS, every_address
from tests.isolation.matrix import HOSTS, ROLES_AT, Cell, knocks, table
from tests.isolation.people import Scene, counted, knock, make_scene
from tests.isolation.rules import RULES

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def scene(postgres_server: EmbeddedPostgres, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with django_db_blocker.unblock():
        world: World = clone(postgres_server)
        yield make_scene(world)
        drop(world)


@pytest.fixture(scope="module")
def cells(scene: Scene) -> Iterator[list[Cell]]:
    with override_settings(HOLDFAST_PUBLIC_RATE=False):
        yield [cell for site in CONFIGURATIONS for cell in knocks(scene, site)]


def test_every_address_has_a_rule_and_every_rule_an_address() -> None:
    known = {(address.site, address.name) for address in every_address()}
    ruled = {(site, name) for site, rules in RULES.items() for name in rules}
    assert sorted(known - ruled) == [], "these addresses stand in no rule: decide who may, then add them"
    assert sorted(ruled - known) == [], "these rules speak of addresses that are gone"


def test_no_address_answers_whom_it_should_not_and_none_fails(cells: list[Cell]) -> None:
    print(table(cells))
    faults = [
        f"{cell.address.route or '/'} {cell.method} as {cell.role}: {cell.status}, {cell.fault}"
        for cell in cells
        if cell.fault
    ]
    assert "\n".join(faults) == ""


def test_there_was_something_that_could_have_leaked(cells: list[Cell]) -> None:
    showed = {(cell.address.name, cell.role) for cell in cells if cell.showed}
    assert {
        ("business:bookings", "owner"),
        ("business:booking", "Ana"),
        ("business:messages", "admin"),
    } <= showed
    assert not {name for name, role in showed if role in ("Bob", "other tenant", "staff")} - {
        address.name for address in every_address() if RULES["business"].get(address.name, None)
        and RULES["business"][address.name].by_token
    }  # fmt: skip


def test_nobody_changes_anything_by_knocking_where_they_may_not(scene: Scene) -> None:
    """The refusals once more, this time for real: nothing is taken back, and nothing has changed."""
    with counted(scene.world) as changed:
        for role in ("nobody", "other tenant", "staff"):
            client = knock(scene.world, role, HOSTS["business"])
            for address in every_address():
                rule = RULES["business"].get(address.name)
                if address.site == "business" and rule and role not in rule.may:
                    path = reverse(
                        address.name, urlconf=CONFIGURATIONS["business"], kwargs=rule.arguments(scene)
                    )
                    for method in UNSAFE:
                        client.generic(method, path)
    assert [table for table, _rows in changed if table not in ("accounts_throttle", "django_session")] == []


def test_a_form_that_another_site_posted_is_refused(scene: Scene) -> None:
    """Every address that takes a POST with a session wants the form's own token."""
    took = []
    for site, role in (("business", "owner"), ("staff", "staff")):
        assert role in ROLES_AT[site]
        signed_in = knock(scene.world, role, HOSTS[site])
        forged = Client(
            enforce_csrf_checks=True, headers={"host": HOSTS[site]}, raise_request_exception=False
        )
        forged.cookies = signed_in.cookies
        for name, rule in RULES[site].items():
            if "POST" in rule.methods.split() and rule.csrf:
                path = reverse(name, urlconf=CONFIGURATIONS[site], kwargs=rule.arguments(scene))
                status = forged.post(path).status_code
                if status != 403:
                    took.append(f"{path}: {status}")
    assert took == []
