"""Model instances of rows that an SQL function returned beside its answer, so that nobody reads them again."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.contrib.postgres.fields import RangeField
from django.db import connection
from django.db.models import Model

M = TypeVar("M", bound=Model)


def from_row(model: type[M], row: Mapping[str, Any]) -> M:
    """Return the instance that a row (`to_jsonb` of it) is. Ranges stay deferred: who asks for one reads it."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, RangeField)]
    values = [field.to_python(row[field.attname]) for field in fields]
    return model.from_db(connection.alias, [field.attname for field in fields], values)
