"""The worker: performs jobs whose ids the broker brings. `python -m holdfast.worker`"""

import os
import signal
import threading

from holdfast.startup import start

THREADS = int(os.environ.get("HOLDFAST_WORKER_THREADS", "4"))


def main() -> None:
    """Work until SIGTERM or SIGINT; a job under way is finished first."""
    start("worker")
    import dramatiq
    from django.conf import settings

    from jobs.actors import declare
    from jobs.broker import QUEUE, broker
    from kernel.garbage import keep_what_is_loaded
    from kernel.postgres.shelf import keep_sessions

    declare()
    keep_sessions(THREADS, settings.HOLDFAST_PROCESS_TENANTS)
    keep_what_is_loaded()
    worker = dramatiq.Worker(broker(), queues={QUEUE}, worker_threads=THREADS, worker_timeout=200)
    stopping = threading.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda *_: stopping.set())
    worker.start()
    stopping.wait()
    worker.stop(timeout=10_000)


if __name__ == "__main__":
    main()
