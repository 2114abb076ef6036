"""The one error of starting and stopping: a fact in one line that says what to do."""

from kernel.errors import HoldfastError


class StartRefused(HoldfastError):
    """Something that Holdfast needs cannot start; the message is one line and names the way out."""

    code = "cannot_start"
