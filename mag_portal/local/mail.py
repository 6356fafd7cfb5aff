"""The development mailbox as a process of the stack."""

from __future__ import annotations

from pathlib import Path

from mag_portal.local import ports, programs
from mag_portal.local.process import Process

REPOSITORY = Path(__file__).resolve().parents[2]


def url(*, smtp_port: int) -> str:
    return f"smtp://{ports.LOOPBACK}:{smtp_port}"


def process(folder: Path, *, smtp_port: int) -> Process:
    command = (programs.python(), "-m", "mag_portal.local.mailbox", f"--folder={folder}", f"--smtp-port={smtp_port}")
    return Process(
        name="mailbox",
        command=command,
        folder=REPOSITORY,
        ready=lambda: ports.answers(smtp_port),
    )
