"""Encryption at rest: what opens, and everything that must not."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from kernel import crypto
from kernel.tenancy import entered


@pytest.fixture
def data_key() -> Iterator[bytes]:
    """A registered data key; the ledger's own provider comes back afterwards."""
    before = list(crypto._data_key)
    key = crypto.new_key()
    crypto.register_data_key(lambda: key)
    yield key
    crypto._data_key[:] = before


def test_what_is_sealed_opens_in_its_place_only(data_key: bytes) -> None:
    with entered("t_one"):
        blob = crypto.seal(b"secret", aad="table/1/password")
        assert crypto.open_sealed(blob, aad="table/1/password") == b"secret"
        with pytest.raises(crypto.CannotOpen, match="altered, or belongs to another place"):
            crypto.open_sealed(blob, aad="table/2/password")
    with entered("t_two"), pytest.raises(crypto.CannotOpen, match="altered, or belongs to another place"):
        crypto.open_sealed(blob, aad="table/1/password")


def test_blob_has_the_layout_that_is_written_down(data_key: bytes) -> None:
    blob = crypto.seal(b"12345", aad="x")
    assert blob[:1] == b"\x01"
    assert blob[1:9] == crypto.key_id(data_key)
    assert len(blob) == 1 + 8 + 12 + 5 + 16
    assert b"12345" not in blob
    assert crypto.seal(b"12345", aad="x")[9:21] != blob[9:21]
    assert crypto.is_made_with(data_key, blob) is True
    assert crypto.is_made_with(crypto.new_key(), blob) is False


@pytest.mark.parametrize("position", range(1 + 8 + 12 + 5 + 16))
def test_one_changed_bit_anywhere_is_refused(data_key: bytes, position: int) -> None:
    blob = bytearray(crypto.seal(b"12345", aad="x"))
    blob[position] ^= 1
    with pytest.raises(crypto.CannotOpen):
        crypto.open_sealed(bytes(blob), aad="x")


def test_cut_short_or_foreign_bytes_are_refused_by_name() -> None:
    key = crypto.new_key()
    for blob in (b"", b"\x01", b"gAAAAABk-fernet", crypto.seal_with(key, b"", aad="x")[:-1]):
        with pytest.raises(crypto.CannotOpen, match="not in the form that Holdfast writes"):
            crypto.open_with(key, blob, aad="x")


def test_another_key_is_named() -> None:
    one, other = crypto.new_key(), crypto.new_key()
    with pytest.raises(crypto.CannotOpen, match=crypto.key_id(one).hex()):
        crypto.open_with(other, crypto.seal_with(one, b"x", aad="x"), aad="x")


def test_wrapped_key_needs_the_same_key_encryption_key(settings: Settings) -> None:
    key = crypto.new_key()
    blob = crypto.wrap(key, aad="audit_key/1")
    assert crypto.unwrap(blob, aad="audit_key/1") == key
    with pytest.raises(crypto.CannotOpen):
        crypto.unwrap(blob, aad="audit_key/2")
    settings.HOLDFAST_KEK = crypto.new_key()
    with pytest.raises(crypto.CannotOpen, match="it was made with key"):
        crypto.unwrap(blob, aad="audit_key/1")


@pytest.mark.parametrize("unusable", [b"\0" * 32, b"", b"short", b"k" * 33])
def test_key_encryption_key_that_was_never_set_is_refused(settings: Settings, unusable: bytes) -> None:
    settings.HOLDFAST_KEK = unusable
    with pytest.raises(crypto.KeyMissing, match="HOLDFAST_KEK"):
        crypto.wrap(b"x" * 32, aad="x")


def test_without_a_provider_there_is_no_data_key(data_key: bytes) -> None:
    crypto._data_key.clear()
    with pytest.raises(crypto.KeyMissing):
        crypto.seal(b"x", aad="x")
