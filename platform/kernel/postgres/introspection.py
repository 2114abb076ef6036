"""Which tables a schema has, asked of the schema: what that costs does not grow with the number of tenants."""

from typing import Any

from django.db.backends.postgresql.introspection import TableInfo
from django_tenants.postgresql_backend.introspection import DatabaseSchemaIntrospection

# pg_class has no index by schema, so asking it for a schema's tables reads those of every tenant; pg_depend has one.
_TABLES = """
    SELECT c.relname,
        CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END,
        obj_description(c.oid, 'pg_class')
    FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
    WHERE d.refclassid = 'pg_namespace'::regclass
        AND d.refobjid = (SELECT oid FROM pg_namespace WHERE nspname = %s)
        AND d.classid = 'pg_class'::regclass AND c.relkind IN ('f', 'm', 'p', 'r', 'v')
"""


class DatabaseIntrospection(DatabaseSchemaIntrospection):  # type: ignore[misc]  # untyped base
    """django-tenants' introspection, but for the list of tables, which migrating asks for several times a tenant."""

    def get_table_list(self, cursor: Any) -> list[TableInfo]:
        """Return the tables and views of the schema that the connection is in."""
        cursor.execute(_TABLES, [self.connection.schema_name])
        return [TableInfo(*row) for row in cursor.fetchall() if row[0] not in self.ignored_tables]
