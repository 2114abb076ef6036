"""A data folder of its own for each test: checkpoints and their key."""

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def data_folder(settings: Settings, tmp_path: Path) -> Path:
    """The data folder, with no checkpoint yet."""
    settings.HOLDFAST_DATA = tmp_path
    settings.HOLDFAST_CHECKPOINTS = tmp_path / "checkpoints"
    return tmp_path
