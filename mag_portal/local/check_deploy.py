"""``python -m mag_portal.local.check_deploy``: Django's deployment checks under production settings.

The values are throw-away ones in the shape of real ones; no service is asked.
"""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
import tempfile

from mag_portal.local import programs
from mag_portal.local.choices import REPOSITORY


def production_variables(data_dir: str) -> dict[str, str]:
    """The least that production settings need to be read."""
    return {
        "MAG_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_KEYS": f"first:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}",
        "AUDIT_SIGNING_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "BASE_URL": "https://gateway.example",
        "UPLOAD_ORIGINS": "https://upload.gateway.example",
        "TRUSTED_PROXY_COUNT": "1",
        "DATABASE_URL": "postgres://mag:secret@database.example/mag",
        "REDIS_URL": "redis://redis.example/0",
        "S3_ENDPOINT_URL": "https://s3.example",
        "S3_ACCESS_KEY_ID": "key",
        "S3_SECRET_ACCESS_KEY": "secret",
        "EMAIL_URL": "smtp+tls://mag:secret@mail.example:587",
        "DATA_DIR": data_dir,
    }


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        variables = {"PATH": os.environ["PATH"], **production_variables(folder)}
        command = (programs.python(), "manage.py", "check", "--deploy", "--fail-level=WARNING")
        return subprocess.run(command, cwd=REPOSITORY, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
