"""The development mailbox as a process of the stack."""

from __future__ import annotations

from pathlib import Path

from mag_portal.local import ports, programs
from mag_portal.local.choices import REPOSITORY
from mag_portal.local.process import Process


def url(*, smtp_port: int) -> str:
    return f"smtp://{ports.LOOPBACK}:{smtp_port}"


def process(folder: Path, *, smtp_port: int, web_port: int) -> Process:
    return Process(
        name="mailbox",
        command=(
            *(programs.python(), "-m", "mag_portal.local.mailbox", f"--folder={folder}"),
            *(f"--smtp-port={smtp_port}", f"--web-port={web_port}"),
        ),
        folder=REPOSITORY,
        ready=lambda: ports.answers(smtp_port) and ports.answers(web_port),
    )
