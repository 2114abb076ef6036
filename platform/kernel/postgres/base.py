"""Django's entry to the wrapped backend (ENGINE = "kernel.postgres"): every statement carries its tenant.

`SET LOCAL search_path` travels in the same message as the statement (and BEGIN before it, where a transaction is
due), so all succeed or none does, and nothing about a tenant is left in the database's session: not after a
rollback, not behind a pooler that gives the next transaction another server connection.
See docs/decisions/every-statement-carries-its-tenant.md.
"""

import select
from typing import Any

from django.db.backends.postgresql import operations as django_operations
from django.db.backends.postgresql.base import CursorMixin
from django.utils.asyncio import async_unsafe
from django_tenants.postgresql_backend import base as django_tenants_base
from django_tenants.utils import quote_schema_name
from psycopg import ClientCursor, sql
from psycopg.pq import TransactionStatus

from kernel.postgres.introspection import DatabaseIntrospection
from kernel.postgres.shelf import Session, shelf
from kernel.transactions import finish, hooks

_BEGIN = "BEGIN; "
_PUBLIC = "public"
_MOST_TENANTS = 128  # that a session gets to know in a process without a shelf, where the settings do not say


class TenantCursor(CursorMixin, ClientCursor[Any]):
    """A cursor whose every statement runs in the tenant that its backend is in when it is executed."""

    backend: "DatabaseWrapper | None" = None  # None while the connection is being set up

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Send BEGIN where it is due, the path and `query` as one message; the cursor then stands at the query's
        result."""
        before = self._before()
        if not before:
            return super().execute(query, params, **options)
        super().execute(_joined(before, query), params, **options)
        for _ in range(before.count("; ")):  # one result for each statement that went before
            self.nextset()
        return self

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        """Send the path, then the statements, in one transaction: psycopg pipelines them one by one."""
        before = self._before()
        if before.startswith(_BEGIN):
            super().execute(_BEGIN)
        with self.connection.transaction():
            if path := before.removeprefix(_BEGIN):
                super().execute(path)
            super().executemany(query, params_seq, **options)

    def _before(self) -> str:
        """What goes before a statement: BEGIN where a transaction is due, and the path that enters the tenant;
        nothing in a failed transaction, where only ROLLBACK can follow."""
        status = self.connection.pgconn.transaction_status
        if self.backend is None or status == TransactionStatus.INERROR:
            return ""
        self.backend.visited.add(self.backend.schema_name)
        is_due = status == TransactionStatus.IDLE and not self.backend.autocommit
        return _BEGIN + self.backend.path_statement if is_due else self.backend.path_statement


class DatabaseOperations(django_operations.DatabaseOperations):
    """Django's, which tells statements (in logs and tests) without the path that went before them."""

    def last_executed_query(self, cursor: Any, statement: str, params: Any) -> str:
        """Return the statement as it was sent, without its path."""
        told = str(super().last_executed_query(cursor, statement, params))
        return told.removeprefix(_BEGIN).removeprefix(self.connection.path_statement)  # type: ignore[attr-defined]


class DatabaseWrapper(django_tenants_base.DatabaseWrapper):  # type: ignore[misc]  # untyped base
    """The connection of one thread: knows its tenant, and tells the transaction hooks what happens."""

    ops_class = DatabaseOperations
    connection: Any
    path_statement: str = ""

    def __init__(self, *settings: Any, **more: Any) -> None:
        self._paths: dict[tuple[str, bool, str], str] = {}  # a request enters its tenant some eight times
        super().__init__(*settings, **more)
        self.introspection = DatabaseIntrospection(self)
        self.visited: set[str] = set()

    def get_new_connection(self, conn_params: Any) -> Any:
        """Connect; the new session has visited nobody. psycopg never begins a transaction: the cursors do."""
        self.visited = set()
        session = super().get_new_connection(conn_params)
        session.autocommit = True
        if resting := shelf():
            resting.made(session, self.visited)
        return session

    def ensure_connection(self) -> None:
        """Take a session that rests, best one that knows this tenant; connect where there is none."""
        if self.connection is None and not self.in_atomic_block:
            self._take_up()
        super().ensure_connection()

    def _take_up(self) -> None:
        resting = shelf()
        while resting is not None and (session := resting.take(self.schema_name)) is not None:
            self.connection, self.visited, self.close_at = (
                session.connection,
                session.visited,
                session.close_at,
            )
            if self.is_usable():
                self.autocommit, self.errors_occurred, self.health_check_done = True, False, True
                return
            self.close()

    def _lay_down(self) -> None:
        """Let the session rest for others, if it is between two transactions."""
        resting = shelf()
        if resting is None or self.connection is None or self.in_atomic_block:
            return
        if self.connection.pgconn.transaction_status == TransactionStatus.IDLE:
            resting.put(Session(self.connection, self.visited, self.close_at))
            self.connection, self.visited = None, set()

    def let_go(self) -> None:
        """Hold no session until the next statement: it rests, or ends where there is no shelf."""
        self._lay_down()
        self.close()

    def close_if_unusable_or_obsolete(self) -> None:
        """Between requests or jobs: also let go of a session that keeps what it knows of too many tenants."""
        if len(self.visited) > self._most_tenants():
            self.close()
        super().close_if_unusable_or_obsolete()
        self._lay_down()

    def _most_tenants(self) -> int:
        resting = shelf()
        return resting.tenants if resting else int(self.settings_dict.get("MOST_TENANTS", _MOST_TENANTS))

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """Be in a tenant from the next statement on; nothing is sent. A session that does not know it gives way to one
        that may."""
        super().set_tenant(tenant, include_public)
        if self.schema_name != _PUBLIC and self.schema_name not in self.visited:
            self._lay_down()
        wanted = (self.schema_name, include_public, self.settings_dict.get("LIMITS_PER_STATEMENT", ""))
        if wanted not in self._paths:
            names = ", ".join(quote_schema_name(name) for name in self._get_cursor_search_paths())
            self._paths[wanted] = f"{wanted[2]}SET LOCAL search_path = {names}; "
        self.path_statement = self._paths[wanted]

    def get_connection_params(self) -> Any:
        """Return Django's parameters, with cursors of our kind."""
        return {**super().get_connection_params(), "cursor_factory": TenantCursor}

    @async_unsafe
    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor in this backend's tenant. A named one takes one statement alone, so it needs a
        transaction, which the path can enter before it."""
        if name:
            if not self.in_atomic_block:
                raise NotImplementedError("A server-side cursor carries its tenant in a transaction only.")
            with self.create_cursor() as before:
                before.execute("")
            return super().create_cursor(name)
        cursor = super().create_cursor()
        cursor.backend = self
        return cursor

    def _handle_search_path(self, _cursor: Any = None) -> None:
        """django-tenants' own way of setting the path, once per cursor: not needed."""

    def is_usable(self) -> bool:
        """Say whether the idle connection stands, without asking: a server that hung up has left its farewell.

        PostgreSQL says nothing on an idle connection except that it ends; then, or in doubt, it is asked.
        """
        if self.connection is None or self.connection.closed:
            return False
        said_something, _, _ = select.select([self.connection.fileno()], [], [], 0)
        return not said_something or bool(super().is_usable())

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

    def _set_autocommit(self, autocommit: bool) -> None:
        """Nothing is sent: BEGIN goes in one message with the first statement of the transaction."""

    def _commit(self) -> Any:
        if self.connection is not None:
            try:
                finish(self, "COMMIT")
            except BaseException:
                self.rollback()
                raise
        return super()._commit()  # which sends nothing where COMMIT went already

    def _rollback(self) -> Any:
        self._tell_rollback()
        return super()._rollback()

    def _tell_rollback(self) -> None:
        for hook in hooks():
            hook.rollback(self)


def _joined(path: str, query: Any) -> Any:
    if isinstance(query, str):
        return path + query
    if isinstance(query, bytes):
        return path.encode() + query
    return sql.SQL(path) + query  # made of quoted schema names, no user's text
