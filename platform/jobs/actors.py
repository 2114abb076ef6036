"""The dramatiq actor: it carries a job id and nothing else."""

import dramatiq
from django.db import close_old_connections

from jobs.broker import QUEUE, broker
from jobs.perform import perform

ACTOR = "perform"


def message_for(job_id: int) -> "dramatiq.Message[None]":
    """Return the broker's message for a job."""
    return dramatiq.Message(queue_name=QUEUE, actor_name=ACTOR, args=(job_id,), kwargs={}, options={})


def declare() -> None:
    """Declare the actor and its queue on this process's broker; the worker does this once."""
    dramatiq.actor(actor_name=ACTOR, queue_name=QUEUE, broker=broker())(_carry)


def _carry(job_id: int) -> None:
    close_old_connections()
    try:
        perform(job_id)
    finally:
        close_old_connections()
