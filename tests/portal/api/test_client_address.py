"""Whose request is counted: the socket's address, or the one that our own outermost proxy saw."""

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from portal.rates import client_address, client_network


def _request(*, socket: str = "10.0.0.9", forwarded: str | None = None) -> object:
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return RequestFactory().get("/", REMOTE_ADDR=socket, **extra)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "10.0.0.9"),
        (0, "203.0.113.7", "10.0.0.9"),  # nobody of ours wrote it
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "6.6.6.6, 203.0.113.7", "203.0.113.7"),  # 6.6.6.6 is the client's own word
        (2, "6.6.6.6, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (2, "203.0.113.7", "203.0.113.7"),
        (1, None, "10.0.0.9"),
        (1, " , ", "10.0.0.9"),
    ],
)
def test_client_address(settings: Settings, proxies: int, forwarded: str | None, address: str) -> None:
    settings.HOLDFAST_TRUSTED_PROXIES = proxies
    assert client_address(_request(forwarded=forwarded)) == address  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("socket", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_client_network(settings: Settings, socket: str, network: str) -> None:
    settings.HOLDFAST_TRUSTED_PROXIES = 0
    assert client_network(_request(socket=socket)) == network  # type: ignore[arg-type]
