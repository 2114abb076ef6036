"""The platform's console: Sam of its staff."""

import pytest
from django.test import Client

from accounts.api import User
from tests.database import World
from tests.portal.business.conftest import signed_in


@pytest.fixture
def sam(world: World) -> Client:
    """A member of the platform's staff."""
    with world.enter("staff"):
        return signed_in("localhost", User.objects.get(email="staff@localhost.example"))
