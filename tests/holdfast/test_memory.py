"""What is kept in memory fits the machine's."""

import os
from pathlib import Path

import pytest

from holdfast import memory

GIGABYTE = 1024**3


@pytest.mark.parametrize(
    ("gigabytes", "sessions", "tenants", "buffers"),
    [(2, 20, 32, "256MB"), (8, 20, 46, "1024MB"), (24, 20, 140, "3072MB"), (512, 20, 256, "4096MB")],
)
def test_sessions_take_at_most_half_of_the_memory_unless_there_is_very_little(
    monkeypatch: pytest.MonkeyPatch, gigabytes: int, sessions: int, tenants: int, buffers: str
) -> None:
    monkeypatch.setattr(memory, "_memory", lambda: gigabytes * GIGABYTE)
    assert memory.session_tenants(sessions) == tenants
    assert memory.shared_buffers() == buffers


@pytest.mark.parametrize(("said", "bytes_"), [("1073741824\n", GIGABYTE), ("max\n", None), (None, None)])
def test_a_container_has_its_share_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str | None, bytes_: int | None
) -> None:
    limit = tmp_path / "memory.max"
    if said is not None:
        limit.write_text(said)
    monkeypatch.setattr(memory, "_LIMIT", limit)
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory._memory() == (bytes_ or machine)
