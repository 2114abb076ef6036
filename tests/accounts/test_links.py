"""Account mails link to an address that somebody registered, or not at all."""

from collections.abc import Iterator

import pytest

from accounts import links
from kernel.errors import Misconfigured


@pytest.fixture
def nothing_registered() -> Iterator[None]:
    before = list(links._builders)
    links._builders.clear()
    yield
    links._builders[:] = before


@pytest.mark.usefixtures("nothing_registered")
def test_no_builder_is_an_error_and_no_guess() -> None:
    with pytest.raises(Misconfigured, match="No link builder"):
        links.absolute_link("/accounts/")


@pytest.mark.usefixtures("nothing_registered")
def test_the_last_builder_registered_makes_the_link() -> None:
    links.register_link_builder(lambda path: f"http://wrong{path}")
    links.register_link_builder(lambda path: f"http://acme.localhost:8000{path}")
    assert links.absolute_link("/accounts/") == "http://acme.localhost:8000/accounts/"
