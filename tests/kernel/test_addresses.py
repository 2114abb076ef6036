"""Which addresses are public. The forbidden ones are tried over HTTP in test_http."""

import pytest

from kernel.addresses import is_public_address


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450::1"]
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public_address(address) is True


def test_what_is_no_address_is_not_public() -> None:
    assert [
        is_public_address(text) for text in ("", "example.org", "1.2.3", "::1%lo", "2606:4700::1%eth0")
    ] == [False] * 5
