"""``python -m mag_portal.local.mailbox``: run the mailbox until SIGTERM."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path

from mag_portal.local.mailbox import smtp
from mag_portal.local.ports import LOOPBACK


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the Maildir")
    parser.add_argument("--smtp-port", type=int, required=True)
    arguments = parser.parse_args()
    receiver = smtp.controller(arguments.folder, host=LOOPBACK, port=arguments.smtp_port)
    receiver.start()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    receiver.stop()


signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
main()
