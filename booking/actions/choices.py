"""The second and the third way to meet, where the one before could not be made or proven, and what it left behind.

Each is made and proven as the first one is; what a way that failed has begun is cancelled once everyone is told.
"""

from functools import partial

from audit.api import Action, Irreversible, NoEffect, StepContext, Undo
from booking.actions.meeting_link import cancel_links, create, take_back
from booking.actions.verify_link import prove, store
from booking.ways import CHOICES

_ORDINALS = ("first", "second", "third")


def _made(number: int) -> Action:
    return Action(
        name=CHOICES[number][0],
        sentence=f"Created the meeting link the {_ORDINALS[number]} way",
        call=partial(create, number),
        undo=Undo(consequence="The meeting link is cancelled.", call=partial(take_back, number)),
    )


def _proven(number: int) -> Action:
    return Action(
        name=CHOICES[number][1],
        sentence=f"Tested that the link of the {_ORDINALS[number]} way can be joined",
        call=partial(prove, number),
        write=store,
        undo=NoEffect(),
    )


def discard(context: StepContext) -> dict[str, object]:
    """Cancel what was begun another way than the one that was proven, half-made or whole."""
    proven = [context.results[name] for _, name in CHOICES if "unused" in context.results.get(name, {})]
    return cancel_links(proven[-1]["unused"] if proven else [], context.now)


create_second_choice, create_third_choice = _made(1), _made(2)
verify_second_choice, verify_third_choice = _proven(1), _proven(2)
discard_unused_links = Action(
    name="discard_unused_links",
    sentence="Cancelled what was begun another way",
    call=discard,
    undo=Irreversible(
        because="Nobody was sent to that link: there is nothing to bring back.",
        consequence="Nothing: the link in use stays.",
    ),
)
