"""The broker that carries job ids: Redis/Valkey or RabbitMQ by BROKER_URL, never the only copy of anything."""

from functools import cache
from urllib.parse import urlsplit

import dramatiq
from django.conf import settings
from dramatiq.brokers.stub import StubBroker

from kernel.errors import Misconfigured

QUEUE = "holdfast"
CONNECT_SECONDS = 0.1


@cache
def broker() -> dramatiq.Broker:
    """Return this process's broker; dramatiq's own retries are off, the job row decides."""
    url = str(settings.BROKER_URL)
    made = _made(url)
    dramatiq.set_broker(made)
    return made


def waiting_ids() -> int:
    """Return how many ids the broker holds for workers; raises what its library raises when it does not answer."""
    carrier = broker()
    client = getattr(carrier, "client", None)
    if client is not None:
        return int(client.llen(f"{carrier.namespace}:{QUEUE}"))  # type: ignore[attr-defined]  # Redis's
    if isinstance(carrier, StubBroker):
        return 0
    ready, _delayed, _dead = carrier.get_queue_message_counts(QUEUE)  # type: ignore[attr-defined]  # RabbitMQ's
    return int(ready)


def _made(url: str) -> dramatiq.Broker:
    match urlsplit(url).scheme:
        case "redis" | "rediss" | "unix":
            from dramatiq.brokers.redis import RedisBroker

            return RedisBroker(  # type: ignore[no-untyped-call]  # untyped library
                url=url,
                middleware=[],
                namespace="holdfast",
                heartbeat_timeout=15_000,
                maintenance_chance=1000,
                socket_connect_timeout=CONNECT_SECONDS,
            )
        case "amqp" | "amqps":
            from dramatiq.brokers.rabbitmq import RabbitmqBroker

            return RabbitmqBroker(url=url, middleware=[], confirm_delivery=True)
        case "stub":
            return StubBroker(middleware=[])
    raise Misconfigured("BROKER_URL starts with redis://, rediss://, unix://, amqp:// or amqps://.")
