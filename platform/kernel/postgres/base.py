"""Django's entry to the wrapped backend (ENGINE = "kernel.postgres").

django-tenants up to 4.0.1 swallows a failed `SET search_path`; the next statement then runs in the previous
tenant's schema. Here it raises and drops the connection. The path is set once per change, not per cursor.
"""

from typing import Any

from django.db.utils import DatabaseError
from django.utils.asyncio import async_unsafe
from django_tenants.postgresql_backend import base as django_tenants_base
from django_tenants.utils import quote_schema_name
from psycopg.pq import TransactionStatus

from kernel.transactions import hooks


class SearchPathNotSet(DatabaseError):
    """The search path could not be set; the connection was closed and no statement ran on it."""


class DatabaseWrapper(django_tenants_base.DatabaseWrapper):  # type: ignore[misc]  # untyped base
    """The connection of one thread: knows its tenant, and tells the transaction hooks what happens."""

    connection: Any

    def _handle_search_path(self, _cursor: Any = None) -> None:
        if self._setting_search_path:
            return
        wanted = self._get_cursor_search_paths()
        if self.search_path_set_schemas == wanted:
            return
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return  # only ROLLBACK can follow; PostgreSQL refuses everything else
        self._set_search_path(wanted)

    def _set_search_path(self, wanted: list[str]) -> None:
        self._setting_search_path = True
        self.search_path_set_schemas = None
        try:
            with self.connection.cursor() as plain:
                plain.execute("SET search_path = " + ",".join(quote_schema_name(name) for name in wanted))
        except Exception as error:
            self._drop_connection()
            raise SearchPathNotSet(f"SET search_path for {self.schema_name} failed: {error}") from error
        finally:
            self._setting_search_path = False
        self.search_path_set_schemas = wanted

    def _drop_connection(self) -> None:
        """Close without politeness: whatever this session's path is, nothing may run on it again."""
        raw = self.connection
        if self.in_atomic_block:
            self.needs_rollback = True
            self.closed_in_transaction = True
        else:
            self.connection = None
        raw.close()

    @async_unsafe
    def close(self) -> None:
        self._tell_rollback()
        super().close()

    def _savepoint(self, sid: str) -> None:
        super()._savepoint(sid)
        for hook in hooks():
            hook.savepoint(self, sid)

    def _savepoint_rollback(self, sid: str) -> None:
        try:
            super()._savepoint_rollback(sid)
        finally:
            for hook in hooks():
                hook.savepoint_rollback(self, sid)

    def _commit(self) -> Any:
        if self.connection is not None:
            try:
                for hook in hooks():
                    hook.before_commit(self)
            except BaseException:
                self.rollback()
                raise
        return super()._commit()

    def _rollback(self) -> Any:
        self._tell_rollback()
        return super()._rollback()

    def _tell_rollback(self) -> None:
        for hook in hooks():
            hook.rollback(self)
