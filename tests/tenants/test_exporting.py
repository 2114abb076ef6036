"""A business in one file: all of it and nobody else's, no secret in it; and every way to alter it is found."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.api import User, create_api_key
from audit.api import Actor, body_of_entry, erase_person, write_checkpoint
from audit.ledger.checkpoints import notes_of
from audit.ledger.signing import Signer, new_seed, signer
from audit.models import Entry
from booking.signing import person_of
from kernel.clock import now
from kernel.tenancy import PUBLIC, entered
from providers.api import add_webhook_endpoint
from providers.models import CalendarConnection, Room
from tenants.api import Exported, Tenant, export_tenant
from tenants.exporting.contents import LEFT_OUT, WITHHELD
from tenants.exporting.verifying import Altered, Known, NotAnExport, Proof, verify_export
from tests.audit.ledger.rewriting import rewriting, sign_again
from tests.booking.scene import BEN, booked, workday
from tests.database import World

OWNER = Actor("user", "1")
# Names of columns that look like secrets and are none; whoever adds one decides here or in WITHHELD.
HARMLESS = {
    "accounts_apikey.prefix",
    "booking_meeting.link_key",  # the provider's name of the meeting
    "booking_move.link_key",
    "providers_calendarchannel.key",  # a name in an address; the secret beside it is withheld
    "providers_message.dedupe_key",
    "providers_notice.dedupe_key",
    "providers_room.key",
    "providers_vendormeeting.key",
    "providers_zoommeeting.key",
    "providers_textmessage.dedupe_key",
    "providers_room.token",  # stands in every link that was sent
}
LOOKS_SECRET = re.compile(r"password|secret|token|hash|sealed|wrapped|(^|_)key$|code$|prefix")


@dataclass
class Taken:
    """Acme's file, and the world that it was taken from."""

    world: World
    file: Path
    done: Exported

    def proof(self, **known: object) -> Proof:
        return verify_export(self.file, known=Known(**known))  # type: ignore[arg-type]

    def content(self) -> dict[str, bytes]:
        with zipfile.ZipFile(self.file) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def write(self, content: dict[str, bytes]) -> None:
        with zipfile.ZipFile(self.file, "w") as archive:
            for name, held in content.items():
                archive.writestr(name, held)


def take(world: World, file: Path) -> Taken:
    with entered(PUBLIC):
        acme = Tenant.objects.get(slug="acme")
    with file.open("wb") as target:
        done = export_tenant(acme, target=target, file=file.name, actor=OWNER, now=now())
    return Taken(world, file, done)


@pytest.fixture
def taken(world: World, tmp_path: Path, settings: object) -> Taken:
    settings.HOLDFAST_DATA = tmp_path  # type: ignore[attr-defined]
    settings.HOLDFAST_CHECKPOINTS = tmp_path / "checkpoints"  # type: ignore[attr-defined]
    with world.enter("acme"):
        booked("site-visit", workday(11))
        write_checkpoint(now())
    return take(world, tmp_path / "acme.zip")


def test_file_proves_itself_and_says_what_is_in_it(taken: Taken) -> None:
    proof = taken.proof()
    with taken.world.enter("acme"):
        last = Entry.objects.order_by("-seq")[0]
        body = body_of_entry(last)
    assert (body["action"], body["actor"]["id"], body["reversible"]) == ("export_business", "1", "none")
    assert (proof.name, proof.tables, proof.rows) == ("Acme Advisory", taken.done.tables, taken.done.rows)
    assert (proof.entries, proof.signed_by, proof.first_key) == (last.seq, last.seq, taken.done.first_key)
    assert proof.rows == body["payload"]["rows"]
    assert (proof.opened, proof.erased) == (1, 0)
    assert proof.checkpoint is not None
    assert proof.checkpoint.size == last.seq - 1


def test_every_table_is_taken_or_left_out_by_name(taken: Taken) -> None:
    with taken.world.superuser("acme") as database:
        found = database.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = %s::regnamespace",
            [taken.world.acme],
        )
        own = {name for (name,) in found}
    files = {name[5:-6] for name in taken.content() if name.startswith("data/")}
    assert files - {"tenants_tenant", "tenants_domain", "tenants_logo"} == own - LEFT_OUT.keys()
    assert LEFT_OUT.keys() <= own, "these are left out, and are not there"


def test_every_column_that_looks_secret_is_withheld_or_named_harmless(taken: Taken) -> None:
    with taken.world.superuser("acme") as database:
        columns = database.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s",
            [taken.world.acme],
        ).fetchall()
    looking = {
        f"{table}.{column}"
        for table, column in columns
        if table not in LEFT_OUT and LOOKS_SECRET.search(column)
    }
    withheld = {f"{table}.{column}" for table, columns in WITHHELD.items() for column in columns}
    undecided = {each for each in looking - withheld - HARMLESS if "failure_code" not in each}
    assert sorted(undecided - {"providers_notice.status_code"}) == []
    assert withheld <= {f"{table}.{column}" for table, column in columns}


def test_no_secret_and_nothing_of_another_business_is_in_it(world: World, tmp_path: Path) -> None:
    with world.enter("acme"):
        alice = User.objects.get(email="owner@acme.example")
        key = create_api_key("CRM", scopes=["bookings:read"], created_by=alice, now=now()).key
        endpoint, secret = add_webhook_endpoint("https://hooks.example/acme", now=now(), actor=OWNER)
        connection_ = CalendarConnection.objects.create(
            host_id=1, url="http://127.0.0.1:1/", username="ana", sealed_password=b"sealed-password-bytes",
            time_zone="UTC", connected_at=now(),
        )  # fmt: skip
        at = now()
        room = Room.objects.create(
            key="k", token="t" * 32, meeting_uid="m", title="Intro", starts_at=at,
            ends_at=at + timedelta(minutes=30), opens_at=at, closes_at=at + timedelta(minutes=30),
            secret=b"room-secret-bytes", created_at=at,
        )  # fmt: skip
        session = SessionStore()
        session["who"] = "alice"
        session.save()
    secrets = [
        alice.password, key.hashed_secret, secret, bytes(endpoint.sealed_secret).hex(),
        bytes(connection_.sealed_password).hex(), bytes(room.secret).hex(), str(session.session_key),
    ]  # fmt: skip
    content = take(world, tmp_path / "acme.zip").content()
    everything = b"\n".join(content.values()).decode()
    assert [each for each in secrets if each in everything] == []
    assert key.prefix in everything
    assert "hooks.example" in everything
    assert "orthwind" not in everything


def test_personal_values_are_open_in_it_and_gone_after_an_erasure(taken: Taken, tmp_path: Path) -> None:
    (line,) = taken.content()["ledger/personal.jsonl"].decode().splitlines()
    values = json.loads(line)["values"]
    assert {name: each["value"] for name, each in values.items()} == {"name": BEN.name, "email": BEN.email}
    with taken.world.enter("acme"), transaction.atomic():
        erase_person(person_of(BEN.email), actor=OWNER)
    again = take(taken.world, tmp_path / "later.zip")
    assert (again.proof().opened, again.proof().erased) == (0, 1)
    assert "values" in (gone := json.loads(again.content()["ledger/personal.jsonl"]))
    assert gone["values"] is None


def test_number_of_queries_does_not_grow_with_the_rows(world: World, tmp_path: Path) -> None:
    def queries(name: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            take(world, tmp_path / name)
        return len(captured)

    with world.enter("acme"):
        booked("site-visit", workday(11))
    one = queries("one.zip")
    with world.enter("acme"):
        booked("site-visit", workday(14))
        booked("site-visit", workday(11, days=8))
    assert queries("three.zip") == one


def test_a_file_taken_while_bookings_go_on_is_in_order(taken: Taken, tmp_path: Path) -> None:
    """Entries after the rows were read belong to the ledger and not to the rows: that is in order."""
    with taken.world.enter("acme"):
        booked("intro-call", workday(10))
    assert take(taken.world, tmp_path / "again.zip").proof().entries > taken.proof().entries


Alter = Callable[[dict[str, bytes]], object]


def _in(name: str, old: bytes, new: bytes) -> Alter:
    def alter(content: dict[str, bytes]) -> None:
        assert old in content[name], (name, old)
        content[name] = content[name].replace(old, new, 1)

    return alter


def _with_manifest(content: dict[str, bytes]) -> None:
    """Alter a row and bring the manifest into line with it, as somebody would who reads this code."""
    name = "data/booking_booking.jsonl"
    before = hashlib.sha256(content[name]).hexdigest()
    content[name] = content[name].replace(b"Ben Ode", b"Ben Two")
    after = hashlib.sha256(content[name]).hexdigest()
    content["manifest.json"] = content["manifest.json"].replace(before.encode(), after.encode())


def _cut(content: dict[str, bytes]) -> None:
    """Cut the last entry off, the export's own, and move the head."""
    lines = content["ledger/entries.jsonl"].splitlines(keepends=True)
    last = json.loads(lines[-2])
    content["ledger/entries.jsonl"] = b"".join(lines[:-1])
    keys = json.loads(content["ledger/keys.json"])
    keys["head"] = {"seq": last["seq"], "hash": last["hash"]}
    content["ledger/keys.json"] = json.dumps(keys).encode()


def _at_another_time(content: dict[str, bytes]) -> None:
    (name,) = [each for each in content if each.endswith(".note")]
    content[name] = content[name].replace(b"\nat 2", b"\nat 1", 1)


ALTERATIONS: dict[str, tuple[Alter, str]] = {
    "a row": (
        _in("data/booking_booking.jsonl", b"Ben Ode", b"Ben Two"),
        r"booking_booking\.jsonl was altered",
    ),
    "a row and the manifest": (_with_manifest, "No entry of the ledger signs this manifest"),
    "a table is gone": (lambda held: held.pop("data/booking_host.jsonl"), "booking_host.jsonl is missing"),
    "a table is new": (lambda held: held.update({"data/x.jsonl": b"{}\n"}), "x.jsonl was put in"),
    "when it was taken": (_in("manifest.json", b'"exported_at": "2', b'"exported_at": "1'), "No entry"),
    "an entry's subject": (
        _in("ledger/entries.jsonl", b'"subject": "ledger', b'"subject": "ledgex'),
        "entry 1 was altered beside its signed bytes",
    ),
    "the last entry is cut off": (_cut, "No entry of the ledger signs this manifest"),
    "a personal value": (_in("ledger/personal.jsonl", b"Ben Ode", b"Ben Two"), "are not what was signed"),
    "personal values are gone": (
        lambda held: held.update({"ledger/personal.jsonl": b""}),
        "The personal values of entry 2 are missing",
    ),
    "personal values are erased by hand": (
        lambda held: held.update({"ledger/personal.jsonl": b'{"seq": 2, "values": {}}\n'}),
        "are not what was signed",
    ),
    "a checkpoint": (_at_another_time, "its signature is not the checkpoint key's"),
    "the keys are rubbish": (lambda held: held.update({"ledger/keys.json": b"{"}), "the keys cannot be read"),
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_every_alteration_is_found_and_named(taken: Taken, what: str) -> None:
    alter, words = ALTERATIONS[what]
    content = taken.content()
    alter(content)
    taken.write(content)
    with pytest.raises(Altered, match=words):
        taken.proof()


def test_a_record_that_was_rewritten_whole_is_found_by_what_was_kept_elsewhere(
    taken: Taken, tmp_path: Path
) -> None:
    """Somebody with the database signs everything again with a key of their own, and exports that."""
    first_key = taken.done.first_key
    with taken.world.enter("acme"):
        (note,) = notes_of(taken.world.acme).values()
    forged: Signer = signer(new_seed())
    with rewriting(taken.world) as superuser:
        sign_again(superuser, taken.world, forged, from_seq=1)
        rows = superuser.execute("SELECT seq, body FROM audit_entry ORDER BY seq").fetchall()
    assert len(rows) > 2
    content = taken.content()
    with pytest.raises(Altered, match=f"begins with key {first_key}, not with"):
        taken.proof(first_key=forged.kid)
    public = bytes.fromhex((tmp_path / "keys" / "checkpoint.pub").read_text().strip())
    stripped = {name: held for name, held in content.items() if not name.startswith("ledger/checkpoint")}
    taken.write(stripped)
    assert taken.proof().checkpoint is None
    kept = taken.proof(notes=[note], checkpoint_key=public)
    assert kept.checkpoint is not None
    with pytest.raises(Altered, match="its signature is not the checkpoint key's"):
        taken.proof(notes=[note], checkpoint_key=forged.public_key)


def test_what_is_no_export_is_said_to_be_none(tmp_path: Path) -> None:
    file = tmp_path / "photo.zip"
    file.write_bytes(b"GIF89a")
    with pytest.raises(NotAnExport, match="cannot be read"):
        verify_export(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(NotAnExport, match=r"holds no manifest\.json"):
        verify_export(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", '{"form": "another/v9"}')
    with pytest.raises(NotAnExport, match="does not say holdfast/export/v1"):
        verify_export(file)
    with pytest.raises(NotAnExport, match="cannot be read"):
        verify_export(tmp_path / "nowhere.zip")


def test_a_damaged_file_is_never_called_in_order(taken: Taken) -> None:
    """What is still called in order holds all that it held: the damage hit times and flags of the ZIP alone."""
    whole, proof, content = taken.file.read_bytes(), taken.proof(), taken.content()
    refused = 0
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        damaged = io.BytesIO(whole)
        damaged.seek(place)
        damaged.write(bytes([whole[place] ^ 0x55]))
        taken.file.write_bytes(damaged.getvalue())
        try:
            assert (taken.proof(), taken.content()) == (proof, content)
        except (Altered, NotAnExport):
            refused += 1
    assert refused > 30
