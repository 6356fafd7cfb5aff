"""``python -m mag_portal.local.mailbox``: run the mailbox until SIGTERM."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from threading import Thread

from mag_portal.local.mailbox import site, smtp
from mag_portal.local.ports import LOOPBACK

STOPPING_SIGNALS = {signal.SIGTERM, signal.SIGINT}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the Maildir")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--web-port", type=int, required=True)
    arguments = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING_SIGNALS)
    receiver = smtp.controller(arguments.folder, host=LOOPBACK, port=arguments.smtp_port)
    receiver.start()
    pages = site.server(arguments.folder, host=LOOPBACK, port=arguments.web_port)
    Thread(target=pages.serve_forever, daemon=True).start()
    signal.sigwait(STOPPING_SIGNALS)
    receiver.stop()


if __name__ == "__main__":
    main()
