"""nginx as everybody has it, to be measured against: a folder to read from and one to PUT into."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mag_portal.local import ports
from mag_portal.local.npm import Missing

START_SECONDS = 1.0
PAGE = '<!doctype html><title>plain</title><input type="file">'


@contextmanager
def nginx(root: Path) -> Iterator[str]:
    """nginx on loopback, serving ``root`` and taking PUT below ``/put/``; its address. Raises ``Missing``."""
    root.mkdir(exist_ok=True)
    (root / "put").mkdir(exist_ok=True)
    (root / "page.html").write_text(PAGE)
    port = ports.find(1)[0]
    configuration = root / "nginx.conf"
    configuration.write_text(f"""
daemon off; user root; worker_processes 1; error_log {root}/error.log; pid {root}/pid;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; client_max_body_size 0; types {{ text/html html; }}
  client_body_temp_path {root}/body; proxy_temp_path {root}/proxy; fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u;
  scgi_temp_path {root}/s;
  server {{
    listen 127.0.0.1:{port};
    root {root};
    location /put/ {{ dav_methods PUT; }}
  }}
}}
""")
    with subprocess.Popen((program(), "-p", str(root), "-c", str(configuration)), stderr=subprocess.DEVNULL) as process:
        time.sleep(START_SECONDS)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def program() -> str:
    """The path of nginx. Raises ``Missing``."""
    found = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if found is None:
        raise Missing("nginx is missing: apt-get install nginx-light")
    return found
