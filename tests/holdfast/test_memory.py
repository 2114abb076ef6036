"""What is kept in memory fits the machine's."""

import os
from pathlib import Path

import pytest

from holdfast import memory

GIGABYTE = 1024**3


@pytest.mark.parametrize(
    ("gigabytes", "processes", "tenants", "buffers"),
    [
        (1, 3, 64, "128MB"),
        (8, 3, 318, "1024MB"),
        (24, 3, 1148, "3072MB"),
        (24, 9, 382, "3072MB"),
        (512, 3, 1280, "4096MB"),
    ],
)
def test_what_sessions_know_fits_into_two_thirds_of_the_memory_that_others_leave(
    monkeypatch: pytest.MonkeyPatch, gigabytes: int, processes: int, tenants: int, buffers: str
) -> None:
    monkeypatch.setattr(memory, "_memory", lambda: gigabytes * GIGABYTE)
    assert memory.process_tenants(processes) == tenants
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
