"""Roles and database of an installation, written by the superuser; every statement may run again.

`holdfast_owner` owns the database and its schemas, `holdfast_app` only logs in: what it may do to which
table is granted by the migrations. Neither is a superuser.
"""

from dataclasses import dataclass

import psycopg
from psycopg import sql

OWNER_ROLE = "holdfast_owner"
APP_ROLE = "holdfast_app"


@dataclass(frozen=True)
class RolePassword:
    """A role that may log in, and its password."""

    role: str
    password: str


def prepare_roles(superuser: psycopg.Connection, *roles: RolePassword) -> None:
    """Create each role that is missing (login, nothing else) and set its password."""
    for entry in roles:
        name = sql.Identifier(entry.role)
        if superuser.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [entry.role]).fetchone() is None:
            superuser.execute(
                sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE").format(name)
            )
        superuser.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(entry.password)))


def prepare_database(superuser: psycopg.Connection, name: str) -> None:
    """Create the database owned by `holdfast_owner`, closed to everyone but the two roles, if it is missing.

    `superuser` is an autocommit connection to another database of the same server.
    """
    if superuser.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
        superuser.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                sql.Identifier(name), sql.Identifier(OWNER_ROLE)
            )
        )
    superuser.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
    superuser.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(APP_ROLE))
    )


def prepare_extensions(superuser_url: str) -> None:
    """Create btree_gist once in schema public of the database that the address names."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public")
