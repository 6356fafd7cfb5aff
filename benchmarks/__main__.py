"""``python -m benchmarks [name …]``: run the benchmarks beside fresh services that write as production does."""

from __future__ import annotations

import os
import signal
import sys

from mag_portal.local import with_services
from mag_portal.local.process import CannotStart

if __name__ == "__main__":
    os.environ.setdefault("MAG_ENV", "development")
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        with with_services.temporary_services(durable=True) as variables:
            sys.exit(with_services.run((sys.executable, "-m", "benchmarks.run", *sys.argv[1:]), variables))
    except CannotStart as refusal:
        sys.exit(str(refusal))
