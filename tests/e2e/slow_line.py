"""A slow line between a browser and the upload pool: a relay that lets so many bytes a second through, upwards."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Self

BLOCK = 64 * 1024


class SlowLine:
    """Relays TCP from ``port`` to ``target`` on 127.0.0.1; all connections share ``bytes_a_second`` upwards."""

    def __init__(self, *, target: int, bytes_a_second: int) -> None:
        self._target = target
        self._rate = bytes_a_second
        self._free_at = 0.0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        server = self._run(asyncio.start_server(self._relay, "127.0.0.1", 0, limit=BLOCK))
        self.port = server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _end(self) -> None:
        relays = asyncio.all_tasks() - {asyncio.current_task()}
        for relay in relays:
            relay.cancel()
        await asyncio.gather(*relays, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target, limit=BLOCK)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pass(reader, back, paced=True), self._pass(there, writer, paced=False))

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, paced: bool) -> None:
        try:
            while block := await source.read(BLOCK):
                if paced:
                    await self._wait_turn(len(block))
                sink.write(block)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()

    async def _wait_turn(self, size: int) -> None:
        now = self._loop.time()
        self._free_at = max(self._free_at, now) + size / self._rate
        await asyncio.sleep(self._free_at - now)
