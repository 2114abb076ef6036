"""Users: one account per address, whatever its case; roles that the database knows."""

import pytest
from django.db import IntegrityError

from accounts.api import Role, User
from tests.database import World


def test_address_is_kept_in_lower_case(world: World) -> None:
    with world.enter("acme"):
        user = User.objects.create_user(" Carla@Acme.Example ", name="Carla", role=Role.ADMIN)
        assert User.objects.get(pk=user.pk).email == "carla@acme.example"


def test_two_spellings_are_one_account(world: World) -> None:
    with world.enter("acme"):
        User.objects.create_user("carla@acme.example", name="Carla", role=Role.ADMIN)
        with pytest.raises(IntegrityError):
            User.objects.create_user("CARLA@acme.example", name="Carla again", role=Role.ADMIN)


def test_database_refuses_upper_case_written_around_the_model(world: World) -> None:
    with world.enter("acme"), pytest.raises(IntegrityError, match="accounts_user_email_lower"):
        User.objects.filter(email="owner@acme.example").update(email="Owner@acme.example")


def test_database_refuses_an_unknown_role(world: World) -> None:
    with world.enter("acme"), pytest.raises(IntegrityError, match="accounts_user_role_known"):
        User.objects.filter(email="owner@acme.example").update(role="emperor")


def test_user_without_an_address_is_refused(world: World) -> None:
    with world.enter("acme"), pytest.raises(ValueError, match="needs an e-mail address"):
        User.objects.create_user("  ", name="Nobody", role=Role.HOST)


def test_user_without_a_password_cannot_sign_in_with_one(world: World) -> None:
    with world.enter("acme"):
        user = User.objects.create_user("invited@acme.example", name="Ivo", role=Role.HOST)
        assert user.has_usable_password() is False


def test_natural_key_finds_any_spelling(world: World) -> None:
    with world.enter("acme"):
        assert User.objects.get_by_natural_key(" OWNER@acme.example ").name == "Alice Acme"


@pytest.mark.parametrize(("role", "expected"), [("owner", True), ("admin", True), ("host", False)])
def test_owners_and_admins_see_everything(role: str, expected: bool) -> None:
    assert User(role=role).sees_everything is expected


def test_a_tenant_does_not_know_the_users_of_another(world: World) -> None:
    with world.enter("northwind"):
        assert User.objects.filter(email="owner@northwind.example").count() == 1
        assert User.objects.filter(email="owner@acme.example").count() == 0
