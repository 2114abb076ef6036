"""The root of the errors that Holdfast raises on purpose; each app names its own facts below it."""


class HoldfastError(Exception):
    """A fact that stops an operation, with a stable `code` and a `message` that says what to do.

    `fields` holds what a page or the API may show beside the message; never another person's data.
    """

    code: str = "invalid_request"

    def __init__(self, message: str, *, code: str | None = None, **fields: object) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.fields = fields


class Misconfigured(HoldfastError):
    """A setting is missing or cannot be used; the message names it and says how to set it."""

    code = "misconfigured"


class Busy(HoldfastError):
    """The database refused for a passing reason (lock, deadlock, overload); nothing was written."""

    code = "busy"


class NotDurable(HoldfastError):
    """The commit was accepted here but not by the standby: the result must be asked for again."""

    code = "not_durable"
