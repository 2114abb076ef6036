"""What the application's role may do in a schema: DML and nothing else; what is append-only is taken back.

Said is only what is not so yet. GRANT … ON ALL TABLES IN SCHEMA would read the tables of every tenant, and each
GRANT or REVOKE, needed or not, makes every session of the database look through all that it has planned.
"""

from typing import Any

from django.conf import settings
from django.db import connection, transaction

from kernel.errors import Misconfigured
from kernel.tenancy import PUBLIC, entered
from tenants.schemas import Blueprint, SchemaMigration


def grant_application(schema: str) -> None:
    """Bring the application's privileges in `schema` up to date; as the owner.

    One transaction: a tenant that is being served never sees the grants without what is taken back.
    """
    with entered(schema), transaction.atomic(), connection.cursor() as cursor:
        grant_within(cursor, schema)


def grant_within(cursor: Any, schema: str) -> None:
    """The same in the caller's transaction, whose search path leads to `schema`."""
    names = {"schema": schema, "role": application_role()}
    _say(cursor, _GRANTS, names)
    _say(cursor, _REVOCATIONS, names)
    if schema == PUBLIC:
        _say(cursor, _OF_THE_OWNER, {**names, "tables": list(_OWNERS_ALONE)})
        return
    cursor.execute("SELECT set_config('holdfast.app_role', %(role)s, true)", names)
    for statement in _restrictions:
        cursor.execute(statement)


def restrict_application(statement: str) -> None:
    """Register what is taken back from the application's role in each tenant: SQL that finds the role's name in
    holdfast.app_role, runs as the owner in the tenant, after the general grants, and may be repeated."""
    _restrictions.append(statement)


def application_role() -> str:
    """Return the name of the application's database role, from DATABASE_URL."""
    role = settings.HOLDFAST_APPLICATION_ROLE
    if not role:
        raise Misconfigured("DATABASE_URL names no user; it must name the application's role.")
    return str(role)


def _say(cursor: Any, question: str, names: dict[str, Any]) -> None:
    """Execute each statement that a query gives."""
    cursor.execute(question, names)
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)


_restrictions: list[str] = []
_OWNERS_ALONE = (Blueprint._meta.db_table, SchemaMigration._meta.db_table)
_GRANTS = """
    SELECT format('GRANT USAGE ON SCHEMA %%I TO %%I', nspname, %(role)s)
    FROM pg_namespace WHERE nspname = %(schema)s AND NOT has_schema_privilege(%(role)s, oid, 'USAGE')
    UNION ALL
    SELECT format('GRANT %%s %%s TO %%I',
        CASE WHEN is_sequence THEN 'USAGE, SELECT ON SEQUENCE' ELSE 'SELECT, INSERT, UPDATE, DELETE ON TABLE' END,
        string_agg(format('%%I.%%I', nspname, relname), ', ' ORDER BY relname), %(role)s)
    FROM (
        SELECT n.nspname, c.relname, c.relkind = 'S' AS is_sequence
        FROM pg_namespace n
            JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
            JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
        WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
            AND NOT EXISTS (SELECT FROM aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
                WHERE r.rolname = %(role)s)
    ) AS new
    GROUP BY is_sequence
"""  # what has none of its privileges yet is new
_REVOCATIONS = """
    SELECT format('REVOKE INSERT, UPDATE, DELETE ON %%I.django_migrations FROM %%I', %(schema)s, %(role)s)
    FROM to_regclass(format('%%I.django_migrations', %(schema)s)) AS migrations
    WHERE has_table_privilege(%(role)s, migrations, 'INSERT, UPDATE, DELETE')
"""
_OF_THE_OWNER = """
    SELECT format('REVOKE ALL ON %%I.%%I FROM %%I', %(schema)s, name, %(role)s)
    FROM unnest(%(tables)s::text[]) AS name, to_regclass(format('%%I.%%I', %(schema)s, name)) AS it
    WHERE has_table_privilege(%(role)s, it, 'SELECT, INSERT, UPDATE, DELETE')
"""
