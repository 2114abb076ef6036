"""The door of the app."""

from jobs.models import Job
from jobs.outbox import (
    NoTransaction,
    enqueue,
    forget_jobs,
    oldest_due_jobs,
    owner_job_waits_since,
    unfinished,
)
from jobs.perform import perform
from jobs.registry import OWNER_PREFIX, Later, Lease, LeaseLost, handles, needs_owner
from jobs.relay import drain, perform_owner_jobs, relay_once

__all__ = [
    "OWNER_PREFIX",
    "Job",
    "Later",
    "Lease",
    "LeaseLost",
    "NoTransaction",
    "drain",
    "enqueue",
    "forget_jobs",
    "handles",
    "needs_owner",
    "oldest_due_jobs",
    "owner_job_waits_since",
    "perform",
    "perform_owner_jobs",
    "relay_once",
    "unfinished",
]
