"""Entering a tenant: the one function that decides whose schema the next statement reads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connections

PUBLIC = "public"


def current_schema() -> str:
    """Return the schema that this thread's connection is in; "public" outside every tenant."""
    return cast(str, _wrapper().schema_name)


@contextmanager
def entered(schema: str) -> Iterator[None]:
    """Run the block inside `schema`; the previous one comes back even if the block raises."""
    wrapper = _wrapper()
    previous = wrapper.tenant
    wrapper.set_schema(schema)
    try:
        yield
    finally:
        wrapper.set_tenant(previous)


def _wrapper() -> Any:
    """Return this thread's wrapped backend (kernel.postgres), whose methods Django's stubs do not know.

    Kept by thread, as Django keeps it: a booking asks for it some seventy times.
    """
    try:
        return _here.wrapper
    except AttributeError:
        _here.wrapper = connections[DEFAULT_DB_ALIAS]
        return _here.wrapper


_here = threading.local()
