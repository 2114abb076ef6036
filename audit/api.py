"""The door of the app: import from here, not from the modules behind it."""

from audit.ledger.canonical import Json, NotCanonical
from audit.ledger.checkpoint_key import CheckpointKeyMissing, checkpoint_public_key
from audit.ledger.checkpoints import Checkpointed, notes_of, write_checkpoint, write_checkpoints
from audit.ledger.entries import Actor
from audit.ledger.erasure import erase_person
from audit.ledger.founding import LEDGER_PRIVILEGES, found_ledger, rotate_signing_key
from audit.ledger.keys import KeysUnusable, LedgerNotFounded, check_keys, check_tenant_keys
from audit.ledger.personal import PersonalDataAltered, opened, reveal
from audit.ledger.publishing import public_keys
from audit.ledger.reading import EntryNotFound, body_of_entry, entries, get_entry, ledger_head
from audit.ledger.recording import NotInTransaction, record
from audit.models import Entry, Run
from audit.sagas.actions import (
    Action,
    Irreversible,
    NoEffect,
    Permanent,
    Step,
    StepContext,
    StepFailure,
    Transient,
    Undo,
)
from audit.sagas.buttons import undo_preview, undo_run, undo_step, undo_step_preview
from audit.sagas.faults import Fault, when_a_step_fails
from audit.sagas.history import (
    RecentRuns,
    RunView,
    StepView,
    get_run,
    get_step,
    latest_run,
    recent_runs,
    reversal_of,
    runs,
)
from audit.sagas.start import Beginning, begin_run, run_job, start_run
from audit.sagas.stopped import NotStopped, resume_run, roll_back_run
from audit.sagas.workflows import UndoPreview, UndoRefused, Workflow, register_workflow, workflows
from audit.verification.report import Outcome, Report, verify_ledger, verify_recent
from audit.verification.rows import snapshot

__all__ = [
    "LEDGER_PRIVILEGES",
    "Action",
    "Actor",
    "Beginning",
    "CheckpointKeyMissing",
    "Checkpointed",
    "Entry",
    "EntryNotFound",
    "Fault",
    "Irreversible",
    "Json",
    "KeysUnusable",
    "LedgerNotFounded",
    "NoEffect",
    "NotCanonical",
    "NotInTransaction",
    "NotStopped",
    "Outcome",
    "Permanent",
    "PersonalDataAltered",
    "RecentRuns",
    "Report",
    "Run",
    "RunView",
    "Step",
    "StepContext",
    "StepFailure",
    "StepView",
    "Transient",
    "Undo",
    "UndoPreview",
    "UndoRefused",
    "Workflow",
    "begin_run",
    "body_of_entry",
    "check_keys",
    "check_tenant_keys",
    "checkpoint_public_key",
    "entries",
    "erase_person",
    "found_ledger",
    "get_entry",
    "get_run",
    "get_step",
    "latest_run",
    "ledger_head",
    "notes_of",
    "opened",
    "public_keys",
    "recent_runs",
    "record",
    "register_workflow",
    "resume_run",
    "reveal",
    "reversal_of",
    "roll_back_run",
    "rotate_signing_key",
    "run_job",
    "runs",
    "snapshot",
    "start_run",
    "undo_preview",
    "undo_run",
    "undo_step",
    "undo_step_preview",
    "verify_ledger",
    "verify_recent",
    "when_a_step_fails",
    "workflows",
    "write_checkpoint",
    "write_checkpoints",
]
