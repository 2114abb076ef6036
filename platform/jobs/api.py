"""The door of the app."""

from jobs.backlog import Backlog, backlog, broker_answers, others_wait, parked_jobs, requeue, waiting_refs
from jobs.deadlines import forget_deadlines, passed_deadlines
from jobs.models import Job
from jobs.outbox import (
    NoTransaction,
    enqueue,
    enqueue_beside,
    forget_jobs,
    oldest_due_jobs,
    owner_job_waits_since,
    unfinished,
)
from jobs.perform import perform
from jobs.registry import OWNER_PREFIX, Later, Lease, LeaseLost, handles, needs_owner
from jobs.relay import drain, perform_owner_jobs, prune_jobs, relay_once

__all__ = [
    "OWNER_PREFIX",
    "Backlog",
    "Job",
    "Later",
    "Lease",
    "LeaseLost",
    "NoTransaction",
    "backlog",
    "broker_answers",
    "drain",
    "enqueue",
    "enqueue_beside",
    "forget_deadlines",
    "forget_jobs",
    "handles",
    "needs_owner",
    "oldest_due_jobs",
    "others_wait",
    "owner_job_waits_since",
    "parked_jobs",
    "passed_deadlines",
    "perform",
    "perform_owner_jobs",
    "prune_jobs",
    "relay_once",
    "requeue",
    "unfinished",
    "waiting_refs",
]
