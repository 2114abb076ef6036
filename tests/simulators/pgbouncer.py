"""Debian's PgBouncer in transaction mode before a test's database, with one server connection for everybody."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from holdfast.embedded.ports import free_port, is_listening
from holdfast.processes.leash import leash
from tests.running import eventually


@contextmanager
def one_connection(url: str) -> Iterator[str]:
    """Yield the address that leads to the database of `url` through a pool of one server connection."""
    to, port = urlsplit(url), free_port()
    role, password, database = to.username, unquote(to.password or ""), to.path.lstrip("/")
    folder = Path(tempfile.mkdtemp(prefix="holdfast-pgbouncer-"))
    (folder / "users").write_text(f'"{role}" "{password}"\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n{database} = host=127.0.0.1 port={to.port} dbname={database}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = scram-sha-256\nauth_file = {folder}/users\nlogfile = {folder}/log\n"
        "pool_mode = transaction\ndefault_pool_size = 1\nmax_db_connections = 1\n"
    )
    command = [shutil.which("pgbouncer") or "/usr/sbin/pgbouncer", "-q", str(folder / "pgbouncer.ini")]
    if os.geteuid() == 0:  # which it refuses
        nobody = pwd.getpwnam("nobody")
        for path in (folder, *folder.iterdir()):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        command[1:1] = ["-u", "nobody"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, preexec_fn=leash(signal.SIGKILL))
    try:
        assert eventually(lambda: is_listening(port), seconds=20), "PgBouncer did not start"
        yield f"postgresql://{role}:{to.password}@127.0.0.1:{port}/{database}?pool_mode=transaction"
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder)
