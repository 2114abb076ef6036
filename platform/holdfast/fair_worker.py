"""The web process's worker: gunicorn's threaded one, whose threads serve the businesses in turn.

Which business a request is for is read from its Host header before a thread takes it up, without taking a byte
from the connection. A connection that has not sent anything yet waits in the poller and holds no thread.
See docs/decisions/threads-are-shared-by-host.md.
"""

import re
import selectors
import socket
import time
from functools import partial

from gunicorn.workers.gthread import TConn, ThreadWorker

from holdfast.fair_threads import FairThreads

_SILENCE_SECONDS = 5.0  # a new connection that says nothing for so long is closed
_HEAD_BYTES = 4096  # a Host header that comes later than this counts as none
_HOST = re.compile(rb"\r\nhost:[ \t]*([^\r\n]*)", re.IGNORECASE)


class FairWorker(ThreadWorker):  # type: ignore[misc]  # untyped base
    """`--worker-class holdfast.fair_worker.FairWorker`; everything else is as in gunicorn's documentation."""

    def get_thread_pool(self) -> FairThreads:
        """Return the threads; gunicorn only shuts them down, jobs are given to them below."""
        return FairThreads(self.cfg.threads)

    def enqueue_req(self, conn: TConn) -> None:
        """Put a connection that has something to say in its host's line, any other into the poller until it has."""
        host = asked_host(conn.sock)
        if host is None and not conn.initialized:  # one that was read before may have the rest in its buffer
            self._wait_for(conn)
            return
        future = self.tpool.submit(host or "", partial(self.handle, conn))
        future.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def _wait_for(self, conn: TConn) -> None:
        """Do what gunicorn does with a connection whose thread waited in vain: watch it, and close it in the end."""
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + _SILENCE_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))


def asked_host(connection: socket.socket) -> str | None:
    """Return the host that a waiting request names, "" for none, None while nothing has arrived."""
    try:
        head = connection.recv(_HEAD_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:
        return ""  # it is gone; whoever handles it finds that out
    found = _HOST.search(head)
    return found.group(1).decode("latin-1").strip().lower() if found else ""
