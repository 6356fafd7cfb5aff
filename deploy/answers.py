"""``python deploy/answers.py``: exit code 0 when the gunicorn pool of this container answers. For health checks."""  # noqa: INP001

from __future__ import annotations

import os
import sys
import urllib.request
from urllib.parse import urlsplit

ADDRESS = "http://127.0.0.1:8000/healthz"


def main() -> int:
    # The gateway answers to its own names only.
    request = urllib.request.Request(ADDRESS, headers={"Host": urlsplit(os.environ["BASE_URL"]).netloc})
    try:
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310
            return 0
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
