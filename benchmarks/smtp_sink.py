"""``python -m benchmarks.smtp_sink PORT LOG``: an SMTP server that notes each message it takes and keeps nothing else.

A line of the log is ``<Message-ID> <time.monotonic of the moment before its OK>``; the clock is the same in every process.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from aiosmtpd.smtp import SMTP

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)


class Counting:
    def __init__(self, log: TextIO) -> None:
        self._log = log

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, ARG002 - aiosmtpd's
        found = _MESSAGE_ID.search(envelope.content)
        self._log.write(f"{found[1].decode() if found else '<none>'} {time.monotonic()}\n")
        self._log.flush()
        return "250 OK"


async def serve(port: int, log: TextIO) -> None:
    def session() -> SMTP:
        return SMTP(Counting(log), decode_data=False)

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    with Path(sys.argv[2]).open("a", encoding="ascii") as log:
        asyncio.run(serve(int(sys.argv[1]), log))
