"""A second node of the gateway: an upload pool and a push worker with a staging folder of their own."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mag_portal.local import ports, web
from mag_portal.local.process import Process
from tests.stack import Stack, plain_environment, wait_until

NAME = "second"


class SecondNode:
    """What of it dies is started again, as the supervisor does on the first one."""

    def __init__(self, stack: Stack, folder: Path, log: Path, **variables: str) -> None:
        self.staging = folder
        port = ports.find(1)[0]
        self.origin = f"http://{ports.LOOPBACK}:{port}"
        environment = {**stack.variables, **variables, "NODE_NAME": NAME, "STAGING_DIR": str(folder)}
        self._processes = {
            "uploads, second node": web.uploads(environment, port=port),
            "push, second node": web.worker("push", environment, queue=f"push.{NAME}"),
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._log = log.open("ab")
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="second node", daemon=True)

    @property
    def names(self) -> list[str]:
        return sorted(self._processes)

    def pid_of(self, name: str) -> int:
        return self._running[name].pid

    def start(self) -> None:
        for name in self.names:
            self._spawn(name)
        self._keeper.start()
        for name, process in self._processes.items():
            wait_until(process.ready, within=60, what=f"{name} is ready")

    def stop(self) -> None:
        self._over.set()
        self._keeper.join()
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.wait(timeout=30)
        self._log.close()

    def _keep(self) -> None:
        while not self._over.wait(0.3):
            for name in self.names:
                if self._running[name].poll() is not None:
                    self._spawn(name)

    def _spawn(self, name: str) -> None:
        process: Process = self._processes[name]
        self._running[name] = subprocess.Popen(
            process.tethered_command,
            cwd=process.folder,
            env={**plain_environment(), **process.environment},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def second_node(stack: Stack, folder: Path, **variables: str) -> Iterator[SecondNode]:
    """A node beside the one of ``stack``, with its staging in ``folder`` and ``variables`` of its own."""
    node = SecondNode(stack, folder / "second-staging", folder / "second.log", **variables)
    try:
        node.start()
        yield node
    finally:
        node.stop()
