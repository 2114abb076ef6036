"""The physical floor, same server, same run: pgbench's INSERT under an exclusion constraint, and a bare page."""

import os
import re
import subprocess
import tempfile
from pathlib import Path
from statistics import median

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.figures import Figure, Floor
from benchmarks.setting import Setting, check_statuses, one_after_another
from holdfast.embedded.postgres_user import installed_binaries
from lab.wire import by_clients, get

CLIENTS = 8
IS_FLOOR = "is the floor"
MADE = """
    DROP SCHEMA IF EXISTS bench_floor CASCADE;
    CREATE SCHEMA bench_floor;
    CREATE TABLE bench_floor.occupancy (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, resource_id bigint NOT NULL, blocked tstzrange NOT NULL,
        CONSTRAINT no_overlap EXCLUDE USING gist (resource_id WITH =, blocked WITH &&));
    CREATE SEQUENCE bench_floor.next;
    INSERT INTO bench_floor.occupancy (resource_id, blocked)
    SELECT 0, tstzrange(at, at + '30 min') FROM generate_series(0, 199) n, LATERAL (
        SELECT '2030-01-01'::timestamptz + n * interval '3 hours' AS at) AS times"""
INSERT = """
INSERT INTO bench_floor.occupancy (resource_id, blocked)
SELECT 1 + n % 200, tstzrange(at, at + '30 min') FROM nextval('bench_floor.next') n, LATERAL (
    SELECT '2030-01-01'::timestamptz + n / 200 * interval '30 min' AS at) AS times
ON CONFLICT DO NOTHING;
"""
SELECT = """
SELECT lower(blocked), upper(blocked) FROM bench_floor.occupancy
WHERE resource_id = 0::bigint AND blocked && tstzrange('2030-01-01', '2030-02-01');
"""


def measure(setting: Setting) -> tuple[list[Figure], Floor]:
    """Return the figures, and the floor itself for the other sections' ratios."""
    with setting.superuser() as connection:
        connection.execute(MADE)
    seconds = 3 if setting.quick else 6
    inserts, insert_ms = _pgbench(setting, INSERT, seconds)
    with setting.superuser() as connection:
        connection.execute("ANALYZE bench_floor.occupancy")  # some 100,000 rows more than when it was made
        check_plan(connection)
    selects, select_ms = _pgbench(setting, SELECT, seconds)
    page_ms, page_wait_ms = _bare_page(setting, 300 if setting.quick else 1500)
    with setting.superuser() as connection:
        connection.execute("DROP SCHEMA bench_floor CASCADE")
    floor = Floor(
        insert_rate=inserts, insert_ms=insert_ms, insert_wait_ms=round(CLIENTS * 1000 / inserts, 3),
        select_ms=select_ms, page_ms=page_ms, page_wait_ms=page_wait_ms,
    )  # fmt: skip
    clients = f"{CLIENTS} clients, prepared"
    return [
        Figure(
            f"INSERT under an exclusion constraint, fsync on ({clients})",
            f"{inserts:,.0f}/s, {insert_ms:g} ms; {floor.insert_wait_ms:g} ms of latency", IS_FLOOR,
        ),
        Figure(
            f"SELECT of 200 blocked ranges by the GiST index ({clients})",
            f"{selects:,.0f}/s, {select_ms:g} ms", IS_FLOOR,
        ),
        Figure(
            "a page of Django without database: GET /healthz",
            f"{page_ms:g} ms; {page_wait_ms:g} ms of latency, one client", IS_FLOOR,
        ),
    ], floor  # fmt: skip


def check_plan(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """End the bench unless the SELECT goes by the exclusion constraint's index, as its line in the table says."""
    plan = [str(row[0]) for row in connection.execute(f"EXPLAIN {SELECT}").fetchall()]
    if not any("no_overlap" in line for line in plan):
        raise SystemExit("The SELECT of the floor does not go by the GiST index:\n" + "\n".join(plan))


def _pgbench(setting: Setting, script: str, seconds: int) -> tuple[float, float]:
    """Transactions a second, and the database's CPU for one in milliseconds."""
    known = conninfo_to_dict(setting.loaded.facts["superuser_database_url"])
    environment = {
        **os.environ, "PGHOST": str(known["host"]), "PGPORT": str(known["port"]), "PGUSER": str(known["user"]),
        "PGPASSWORD": str(known["password"]), "PGDATABASE": str(known["dbname"]),
    }  # fmt: skip
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command: list[str | Path] = [
            installed_binaries() / "pgbench",
            "-n",
            "-M",
            "prepared",
            "-f",
            file.name,
        ]
        command += ["-c", str(CLIENTS), "-j", "1", "-T", str(seconds)]
        setting.meter.start()
        said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
        cpu = setting.meter.stop()
    done = int(re.findall(r"transactions actually processed: (\d+)", said)[0])
    rate = float(re.findall(r"tps = ([\d.]+)", said)[0])
    return round(rate), cpu.ms_each(done, ("database",))


def _bare_page(setting: Setting, times: int) -> tuple[float, float]:
    """CPU of a page asked by four clients, and its p50 for one client alone, in milliseconds."""
    request = get("bench", "/healthz")
    setting.meter.start()
    answers, _ = by_clients(setting.port, 4, one_after_another([request] * times))
    used = setting.meter.stop()
    alone, _ = by_clients(setting.port, 1, one_after_another([request] * (times // 3)))
    check_statuses([*answers, *alone], "the bare page")
    return used.ms_each(len(answers)), round(median(answer.ms for answer in alone), 3)
