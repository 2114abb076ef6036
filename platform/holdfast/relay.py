"""The relay: hands on the jobs that nobody handed on. `python -m holdfast.relay`"""

from holdfast.startup import start

PAUSE_SECONDS = 0.25


def main() -> None:
    """Relay until SIGTERM or SIGINT."""
    start("relay")
    from holdfast.loops import repeat
    from jobs.api import relay_once

    def once() -> None:
        relay_once()

    repeat(once, pause_seconds=PAUSE_SECONDS)


if __name__ == "__main__":
    main()
