"""Clients at the demo's two businesses."""

from collections.abc import Callable

import pytest
from django.test import Client


@pytest.fixture
def acme(client_for: Callable[[str], Client]) -> Client:
    """Acme: one host, ana."""
    return client_for("acme.localhost")


@pytest.fixture
def northwind(client_for: Callable[[str], Client]) -> Client:
    """Northwind: six hosts."""
    return client_for("northwind.localhost")
