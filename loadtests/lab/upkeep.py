"""What making tenants and booking leave to the database: its checkpoint, and its vacuum, which goes on for minutes."""

import time

import psycopg

VACUUM_PERIOD = 62.0  # seconds: autovacuum looks once a minute; who finds it idle for so long finds it done
# each minute one looks at the tables of all tenants, which is not yet a vacuum: it has no query then
_VACUUMS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND query <> ''"


def is_upkeep_over(superuser_url: str, *, quiet: float = VACUUM_PERIOD, longest: float = 900.0) -> bool:
    """Have what was made written out, and wait until nothing was vacuumed for `quiet` seconds: no upkeep is a
    request's cost. False if it goes on after `longest`. One query a second, as the superuser."""
    quiet_since = started = time.monotonic()
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        while time.monotonic() < quiet_since + quiet:
            if connection.execute(_VACUUMS).fetchone() != (0,):
                quiet_since = time.monotonic()
            if quiet_since > started + longest:
                return False
            time.sleep(min(1, quiet / 5))
    return True
