"""The sweeps look at the gateway as production serves it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from mag_portal.local import check_deploy
from tests.portal.sweeps.walk import OVER_HTTPS

READ = "import json, sys; from mag_portal import settings; print(json.dumps({n: getattr(settings, n) for n in sys.argv[1:]}))"
YEAR = 365 * 86400


def read_by_production(tmp_path: Path, *names: str, **changed: str) -> subprocess.CompletedProcess[str]:
    """The settings of these names, in a process with the variables of production but for those ``changed``."""
    variables = {"PATH": os.environ["PATH"], **check_deploy.production_variables(str(tmp_path)), **changed}
    command = [sys.executable, "-c", READ, *names]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=variables, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_sweeps_walk_under_the_settings_of_production(tmp_path: Path) -> None:
    read = read_by_production(tmp_path, *OVER_HTTPS)
    assert json.loads(read.stdout) == OVER_HTTPS
    assert OVER_HTTPS["SECURE_HSTS_SECONDS"] >= YEAR


def test_production_answers_nothing_but_what_the_sweeps_walk(tmp_path: Path) -> None:
    read = read_by_production(tmp_path, "DEBUG", "CAPTCHA_TEST_MODE", "PRODUCTION", "ALLOWED_HOSTS")
    assert json.loads(read.stdout) == {
        "DEBUG": False,
        "CAPTCHA_TEST_MODE": False,
        "PRODUCTION": True,
        "ALLOWED_HOSTS": ["gateway.example", "upload.gateway.example"],
    }


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"DEBUG": "on"}, "DEBUG cannot be on"),
        ({"BASE_URL": "http://gateway.example"}, "BASE_URL must start with https://"),
        ({"SECRET_KEY": "a tiny value"}, "SECRET_KEY is too short"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"FIELD_KEYS": "a" * 43 + "="}, "FIELD_KEYS must read id:key,id:key"),
        ({"FIELD_KEYS": ""}, "FIELD_KEYS is not set"),
        ({"FIELD_KEYS": "first:a tiny value"}, "FIELD_KEYS (first) is not a key"),
        ({"FIELD_KEYS": "A" * 43 + "="}, "FIELD_KEYS must read id:key,id:key"),
        ({"FIELD_KEYS": f"one:{'A' * 43}=,one:{'B' * 42}A="}, "FIELD_KEYS names two keys alike"),
        ({"AUDIT_SIGNING_KEY": ""}, "AUDIT_SIGNING_KEY is not set"),
        ({"AUDIT_SIGNING_KEY": "a tiny value"}, "AUDIT_SIGNING_KEY is not a key"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"S3_SECRET_ACCESS_KEY": ""}, "S3_SECRET_ACCESS_KEY is not set"),
        ({"SECURITY_CONTACT": "call us"}, "SECURITY_CONTACT must start with"),
    ],
)
def test_production_does_not_start_with_a_missing_or_weak_value(
    tmp_path: Path, changed: dict[str, str], said: str
) -> None:
    read = read_by_production(tmp_path, "DEBUG", **changed)
    assert read.returncode != 0
    assert said in read.stderr
    assert not [value for value in changed.values() if len(value) > 4 and value in read.stderr.splitlines()[-1]]
