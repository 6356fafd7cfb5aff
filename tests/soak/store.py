"""An object store that can be killed and started again, behind a proxy that can make it misbehave."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mag_portal.local import credentials as secrets
from mag_portal.local import object_store, ports
from mag_portal.local.object_store import ObjectStore
from tests.transfers.faulty_store import FaultyStore, in_front_of


class MortalStore:
    """SeaweedFS in a folder of its own; ``kill`` and ``start`` as often as wished."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._log = folder.with_name("s3.log").open("ab")
        credentials = secrets.generate()
        chosen = ports.find(object_store.PORTS_NEEDED)
        self.access = object_store.embedded(credentials, ports=chosen)
        self._process = object_store.process(folder, credentials, ports=chosen)
        self._running: subprocess.Popen[bytes] | None = None
        self._starting: threading.Thread | None = None
        self._spared_until = 0.0

    def start(self) -> None:
        """Start it and wait until it takes objects."""
        self._spawn()
        self._wait()

    def _spawn(self) -> None:
        """The kernel ends it together with the thread that calls this."""
        self._running = self._process.spawn(output=self._log.fileno())

    def _wait(self) -> None:
        begun = time.monotonic()
        while not self._process.ready():
            if time.monotonic() > begun + 120:
                raise RuntimeError("The object store did not start.")
            time.sleep(0.1)
        now = time.monotonic()
        self._spared_until = now + (now - begun)

    def kill_now_and_then(self) -> bool:
        """Kill it and start it again beside whatever else happens; whether it was there to be killed.

        It is there at least for as long as it took to start: where that takes a minute, nothing would ever be stored.
        """
        is_starting = self._starting is not None and self._starting.is_alive()
        if is_starting or time.monotonic() < self._spared_until:
            return False
        self.kill()
        self._spawn()
        self._starting = threading.Thread(target=self._wait, name="store", daemon=True)
        self._starting.start()
        return True

    def kill(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running.wait()

    def settle(self) -> None:
        """Wait until it runs."""
        if self._starting is not None:
            self._starting.join()


@contextmanager
def behind_a_proxy(folder: Path) -> Iterator[tuple[MortalStore, FaultyStore, ObjectStore]]:
    """The store, the proxy in front of it, and the access that leads through the proxy."""
    store = MortalStore(folder)
    store.start()
    try:
        with in_front_of(store.access.endpoint) as proxy:
            access = ObjectStore(
                endpoint=proxy.endpoint,
                access_key=store.access.access_key,
                secret_key=store.access.secret_key,
            )
            yield store, proxy, access
    finally:
        store.settle()
        store.kill()
