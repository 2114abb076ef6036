"""The mail sink's own process: `python -m holdfast.embedded.mailsink_process PORT FOLDER`."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

_NUMBERS = count(1)


class KeepAsFile:
    """Answers 250 only after the message stands in its file, under a name that sorts by arrival."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        """Store one message (RFC 5321 section 4.4: the envelope in front of it) and accept it."""
        sent_to = "".join(f"X-Original-To: {address}\r\n" for address in envelope.rcpt_tos)
        head = f"Return-Path: <{envelope.mail_from or ''}>\r\n{sent_to}"
        content = (
            envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        )
        arrived = datetime.now(UTC)
        name = f"{arrived:%Y%m%dT%H%M%S.%fZ}-{os.getpid()}-{next(_NUMBERS)}"
        fresh = self._folder / f".{name}"
        fresh.write_bytes(head.encode() + content)
        fresh.rename(self._folder / f"{name}.eml")
        return "250 kept"


async def serve(port: int, folder: Path) -> None:
    """Listen on 127.0.0.1 until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(kind, stopped.set)
    server = await loop.create_server(
        lambda: SMTP(KeepAsFile(folder), enable_SMTPUTF8=True, hostname="localhost", loop=loop),
        "127.0.0.1",
        port,
    )
    async with server:
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
