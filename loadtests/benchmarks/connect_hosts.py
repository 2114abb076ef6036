"""Connect every host of a business to a calendar of their own at a CalDAV server, as their owners would.

Runs in a process of its own, with the environment of the installation's web process.
"""

import sys

import django

django.setup()

from booking.api import Host  # noqa: E402  Django first
from kernel.clock import now  # noqa: E402
from kernel.tenancy import entered  # noqa: E402
from providers.api import connect_caldav  # noqa: E402


def main(schema: str, url: str) -> None:
    """Connect them, and print how many there are."""
    with entered(schema):
        hosts = list(Host.objects.order_by("pk"))
        for host in hosts:
            connect_caldav(
                host.pk, url=f"{url}/{host.pk}/", username=f"host-{host.pk}", password="bench", now=now()
            )
    print(len(hosts))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
