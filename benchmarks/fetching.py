"""Fetching through the gateway, against nginx with the same file on its disk; and many files in one zip."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks import pairs, portal, sample
from benchmarks.figures import Figure
from mag_portal.local import ports

SIZE_MIB = int(os.environ.get("BENCH_FETCH_MIB", "512"))
TURNS = int(os.environ.get("BENCH_TURNS", "5"))
GOAL_STREAMED = 0.5


def main() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="mag-bench-") as name, portal.running() as gateway:
        folder = Path(name)
        folder.chmod(0o755)
        file = sample.file(folder / "measured.bin", SIZE_MIB)
        upload_id = sample.send(gateway, file)
        sample.wait_for(upload_id, "stored")
        ours = f"{gateway.run['base_url']}/transfers/uploads/{upload_id}/content/"
        with nginx(folder) as theirs:
            pair = pairs.by_turns(
                partial(_fetch, ours, gateway.token), partial(_fetch, f"{theirs}/measured.bin", ""), turns=TURNS
            )
        return pair.figures(
            "download, streamed", unit="MiB/s", ours="the gateway", theirs="nginx static", goal=GOAL_STREAMED
        )


def _fetch(url: str, token: str) -> float:
    """MiB/s of one curl that throws away what it gets."""
    headers = ("-H", f"Authorization: Bearer {token}") if token else ()
    begun = time.monotonic()
    subprocess.run(("curl", "-sSf", "-o", os.devnull, *headers, url), check=True)
    return SIZE_MIB / (time.monotonic() - begun)


@contextmanager
def nginx(root: Path) -> Iterator[str]:
    """Debian's nginx with a folder of files, on loopback; its address."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    port = ports.find(1)[0]
    configuration = root / "nginx.conf"
    configuration.write_text(
        "daemon off; worker_processes 1; error_log /dev/null; pid nginx.pid; events { worker_connections 256; }\n"
        "http { access_log off; sendfile on; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f;\n"
        f"uwsgi_temp_path u; scgi_temp_path s; server {{ listen 127.0.0.1:{port}; root {root}; }} }}\n"
    )
    with subprocess.Popen((program, "-p", str(root), "-c", str(configuration)), stderr=subprocess.DEVNULL) as process:
        time.sleep(1)
        yield f"http://127.0.0.1:{port}"
        process.terminate()
