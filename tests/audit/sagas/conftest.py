"""Toy workflows stand alone: what the product does about faults has tests of its own."""

import pytest


@pytest.fixture(autouse=True)
def _nobody_hears_of_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.sagas.faults._handlers", {})
