"""The door of the app."""

from jobs.models import Job
from jobs.outbox import NoTransaction, enqueue, unfinished
from jobs.perform import perform
from jobs.registry import Later, Lease, LeaseLost, handles
from jobs.relay import drain, relay_once

__all__ = [
    "Job",
    "Later",
    "Lease",
    "LeaseLost",
    "NoTransaction",
    "drain",
    "enqueue",
    "handles",
    "perform",
    "relay_once",
    "unfinished",
]
