"""Checkpoints on disk: grown, replaced within the day, kept across days, guarded by their own key."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from audit.api import (
    Actor,
    CheckpointKeyMissing,
    Outcome,
    public_keys,
    record,
    verify_ledger,
    verify_recent,
    write_checkpoint,
)
from audit.ledger.checkpoints import checkpoints
from audit.ledger.signing import new_seed, signer
from kernel.clock import now
from tests.database import World


def write(world: World) -> None:
    with world.enter("acme"), transaction.atomic():
        record("said", subject="meeting:m1", actor=Actor("user", "7"), payload={})


def checkpointed(world: World, at: datetime) -> tuple[str, int, str]:
    with world.enter("acme"):
        done = write_checkpoint(at)
    assert done.tenant == world.acme
    return done.state, done.size, done.because


def test_checkpoint_grows_with_the_ledger(world: World, data_folder: Path) -> None:
    folder = data_folder / "checkpoints" / world.acme
    state, size, _ = checkpointed(world, now())
    assert state == "written"
    assert checkpointed(world, now()) == ("unchanged", size, "")
    write(world)
    write(world)
    assert checkpointed(world, now()) == ("written", size + 2, "")
    assert len(list(folder.iterdir())) == 1
    write(world)
    tomorrow = now() + timedelta(days=1)
    assert checkpointed(world, tomorrow) == ("written", size + 3, "")
    assert [one.size for one in checkpoints(world.acme)] == [size + 2, size + 3]
    assert sorted(file.name for file in folder.iterdir())[-1] == f"{tomorrow:%Y-%m-%d}.note"
    report = verify_ledger(world.acme, now=now())
    assert (report.outcome, report.entries) == (Outcome.OK, size + 3)


def test_key_is_made_once_and_private(world: World, data_folder: Path) -> None:
    checkpointed(world, now())
    private, public = data_folder / "keys" / "checkpoint", data_folder / "keys" / "checkpoint.pub"
    assert private.stat().st_mode & 0o777 == 0o600
    made = signer(bytes.fromhex(private.read_text().strip()))
    assert public.read_text().strip() == made.public_key.hex()
    write(world)
    checkpointed(world, now())
    assert signer(bytes.fromhex(private.read_text().strip())).kid == made.kid
    with world.enter("acme"):
        uses = [(key["use"], key["kid"]) for key in public_keys()]
    assert [use for use, _ in uses] == ["ledger", "checkpoint"]
    assert uses[1][1] == made.kid


def test_who_sees_notes_and_public_key_but_not_the_clocks_folder_verifies_and_cannot_sign(
    world: World, data_folder: Path, settings: Settings
) -> None:
    """As the worker and the web of k8s/base do."""
    settings.HOLDFAST_CHECKPOINTS = data_folder / "shared"
    settings.HOLDFAST_CHECKPOINT_PUBLIC_KEY = str(data_folder / "shared" / "checkpoint.pub")
    settings.HOLDFAST_DATA = data_folder / "clock"
    _, size, _ = checkpointed(world, now())
    assert sorted(each.name for each in (data_folder / "clock" / "keys").iterdir()) == ["checkpoint"]
    assert sorted(each.name for each in (data_folder / "shared").iterdir()) == sorted(
        ["checkpoint.pub", world.acme]
    )
    settings.HOLDFAST_DATA = data_folder / "worker"
    for report in (verify_ledger(world.acme, now=now()), verify_recent(world.acme, now=now())):
        assert (report.outcome, f"covers the first {size}" in report.words) == (Outcome.OK, True)
    with world.enter("acme"):
        assert [key["use"] for key in public_keys()] == ["ledger", "checkpoint"]
    with pytest.raises(CheckpointKeyMissing, match="put it back"):
        checkpointed(world, now())
    assert not (data_folder / "worker").exists()


def test_lost_key_is_not_replaced_silently(world: World, data_folder: Path) -> None:
    checkpointed(world, now())
    (data_folder / "keys" / "checkpoint").unlink()
    with pytest.raises(CheckpointKeyMissing, match="put it back"):
        checkpointed(world, now())
    (data_folder / "keys" / "checkpoint.pub").unlink()
    with pytest.raises(CheckpointKeyMissing, match="put it back"):
        checkpointed(world, now())
    report = verify_ledger(world.acme, now=now())
    assert report.outcome is Outcome.TAMPERED
    assert report.words.endswith("cannot be checked: the public checkpoint key is missing")


def test_forged_note_is_named(world: World, data_folder: Path) -> None:
    checkpointed(world, now())
    [file] = (data_folder / "checkpoints" / world.acme).iterdir()
    file.write_text(file.read_text().replace("\n1\n", "\n2\n", 1).replace("at 20", "at 19"))
    write(world)
    state, _, because = checkpointed(world, now())
    assert (state, because) == (
        "refused", f"the checkpoint {file} was tampered with: its signature is not the checkpoint key's"
    )  # fmt: skip
    assert verify_ledger(world.acme, now=now()).words == because


def test_note_of_another_tenant_is_named(world: World, data_folder: Path) -> None:
    checkpointed(world, now())
    with world.enter("northwind"):
        write_checkpoint(now())
    [own] = (data_folder / "checkpoints" / world.acme).iterdir()
    [other] = (data_folder / "checkpoints" / world.northwind).iterdir()
    own.write_text(other.read_text())
    report = verify_ledger(world.acme, now=now())
    assert (report.outcome, report.words) == (
        Outcome.TAMPERED, f"the checkpoint {own} is of another tenant, {world.northwind}"
    )  # fmt: skip


def test_another_checkpoint_key_is_refused(world: World, data_folder: Path) -> None:
    checkpointed(world, now())
    thief = signer(new_seed())
    (data_folder / "keys" / "checkpoint.pub").write_text(thief.public_key.hex())
    assert verify_ledger(world.acme, now=now()).outcome is Outcome.TAMPERED
