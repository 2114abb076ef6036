"""What of a business goes into its file: every table but those named here, every column but those named here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from psycopg import sql

from tenants.models import Tenant

_SEALED = "a secret: it opens something here, and nothing elsewhere"
_LIBRARY = "the framework’s own"
_LEDGER = "stands in ledger/"
_PASSING = "passing: deleted minutes after the call"
LEFT_OUT: Final = {
    "account_emailconfirmation": _SEALED,
    "accounts_throttle": "counts of attempts, gone in a day",
    "accounts_visitorcode": _SEALED,
    "audit_data_key": _SEALED,
    "audit_entry": _LEDGER,
    "audit_head": _LEDGER,
    "audit_key": _LEDGER,
    "audit_person_key": "what they lock stands open in ledger/personal.jsonl",
    "auth_group": _LIBRARY,
    "auth_group_permissions": _LIBRARY,
    "auth_permission": _LIBRARY,
    "booking_idempotencykey": "digests of requests, gone in a day",
    "django_content_type": _LIBRARY,
    "django_session": _SEALED,
    "mfa_authenticator": _SEALED,
    "providers_roomline": _PASSING,
    "providers_roomparticipant": _PASSING,
    "providers_roomsignal": _PASSING,
    "tenant_identity": "the name of the schema, which stands in manifest.json",
}
WITHHELD: Final = {
    "accounts_apikey": ("hashed_secret",),
    "accounts_user": ("password",),
    "providers_calendar": ("sync_token",),
    "providers_calendarchannel": ("token_hash",),
    "providers_calendarconnection": ("sealed_password",),
    "providers_oauthaccount": ("sealed_access_token", "sealed_refresh_token"),
    "providers_oauthapp": ("sealed_secret",),
    "providers_room": ("secret",),
    "providers_jitsiserver": ("sealed_secret",),
    "providers_mailsettings": ("sealed_password",),
    "providers_textcarrier": ("sealed_secret",),
    "providers_zoomapp": ("sealed_secret",),
    "providers_webhookendpoint": ("sealed_secret", "sealed_url"),
}
# What the platform keeps of a business, beside its own schema: (table, column that names the business).
_SHARED: Final = (("tenants_tenant", "id"), ("tenants_domain", "tenant_id"), ("tenants_logo", "tenant_id"))
_CHUNK_ROWS = 2000
_TABLES = """
    SELECT c.relname, coalesce((
        SELECT array_agg(a.attname::text ORDER BY k.place)
          FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k(number, place)
          JOIN pg_attribute a ON a.attnum = k.number
         WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid), '{}')
      FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace ORDER BY 1"""


@dataclass(frozen=True)
class Table:
    """A table that is taken away, or those of its rows that are about one business."""

    schema: str
    name: str
    order: tuple[str, ...]
    only: tuple[str, int] | None = None

    def rows(self) -> Iterator[str]:
        """Yield each row as a line of JSON, in the order of the primary key; streamed, inside a transaction."""
        column, value = self.only or (None, None)
        where = (
            sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(value))
            if column
            else sql.SQL("true")
        )
        order = sql.SQL(", ").join(map(sql.Identifier, self.order)) if self.order else sql.SQL("t::text")
        query = sql.SQL("SELECT (to_jsonb(t) - {}::text[])::text FROM {} t WHERE {} ORDER BY {}").format(
            sql.Literal(list(WITHHELD.get(self.name, ()))),
            sql.Identifier(self.schema, self.name),
            where,
            order,
        )
        cursor: Any = connection.chunked_cursor()
        with cursor:
            cursor.itersize = _CHUNK_ROWS
            cursor.execute(query)
            while chunk := cursor.fetchmany(_CHUNK_ROWS):
                yield from (line for (line,) in chunk)


def tables_of(tenant: Tenant) -> list[Table]:
    """Return what is taken of a business, its own tables first; inside its schema. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        own = [
            Table(tenant.schema_name, name, tuple(order))
            for name, order in cursor.fetchall()
            if name not in LEFT_OUT
        ]
    return own + [Table("public", name, (column,), (column, tenant.pk)) for name, column in _SHARED]
