"""Changing the words of clients' mails, undoing a change, going back to the shipped words: each one signed.

The entry names the fields and the versions, not the words: they may name a person, and the versions stay here.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import models, transaction

from audit.api import Actor, record
from booking.messages.languages import LANGUAGES
from booking.messages.wording import OCCASIONS, Wording, check_wording
from booking.models import MessageWording
from kernel.errors import HoldfastError

_SHIPPED = Wording()


class WordingNotFound(HoldfastError):
    """There is no such occasion, language or version."""

    code = "not_found"


def wordings_in_force(language: str) -> dict[str, Wording]:
    """Return the business's own words by occasion; what is shipped is not in it. One query."""
    newest = MessageWording.objects.filter(language=language).order_by("occasion", "-pk").distinct("occasion")
    return {row.occasion: row.wording for row in newest if not row.wording.is_shipped}


def wording_versions(occasion: str, language: str, *, limit: int = 10) -> Sequence[MessageWording]:
    """Return the changes of one occasion, newest first. One query."""
    return list(_versions(occasion, language)[:limit])


def change_wording(
    occasion: str,
    language: str,
    wording: Wording,
    *,
    now: datetime,
    actor: Actor,
    action: str = "change_wording",
) -> bool:
    """Let these words count from the next mail on; False when they do already.

    Raises InvalidWording with a sentence for each wrong field, WordingNotFound for an unknown occasion or language.
    """
    _check_known(occasion, language)
    wanted = check_wording(occasion, wording)
    with transaction.atomic():
        # the newest row is what a change replaces; two at once become two versions, one after the other
        before = _versions(occasion, language).select_for_update().first()
        current = before.wording if before else _SHIPPED
        if wanted == current:
            return False
        made = MessageWording.objects.create(
            occasion=occasion,
            language=language,
            changed_at=now,
            changed_by=f"{actor.type}:{actor.id}",
            **asdict(wanted),
        )
        fields = [name for name, text in asdict(wanted).items() if text != getattr(current, name)]
        record(
            action,
            subject=f"wording:{occasion}:{language}",
            actor=actor,
            payload={"version": made.pk, "before": before.pk if before else None, "fields": fields},
            reversible="full",
        )
    return True


def reset_wording(occasion: str, language: str, *, now: datetime, actor: Actor) -> bool:
    """Go back to the shipped words; False when they count already. The own words stay as a version."""
    return change_wording(occasion, language, _SHIPPED, now=now, actor=actor, action="reset_wording")


def undo_wording(occasion: str, language: str, version: int, *, now: datetime, actor: Actor) -> bool:
    """Undo the newest change: the words before it count again. False when it is no longer the newest."""
    _check_known(occasion, language)
    newest = list(_versions(occasion, language)[:2])
    if not newest or newest[0].pk != version:
        return False
    before = newest[1].wording if len(newest) > 1 else _SHIPPED
    return change_wording(occasion, language, before, now=now, actor=actor, action="undo_wording")


def _versions(occasion: str, language: str) -> models.QuerySet[MessageWording]:
    return MessageWording.objects.filter(occasion=occasion, language=language).order_by("-pk")


def _check_known(occasion: str, language: str) -> None:
    if occasion not in OCCASIONS or language not in LANGUAGES:
        raise WordingNotFound("There is no such message.")
