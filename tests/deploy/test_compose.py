"""docker-compose.yml is sound, and is what docs/operations.md says it is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from accounts import urls as accounts_urls
from orgs import urls as orgs_urls
from tests.deploy.nginx import PROGRAM, Nginx, free_port, values_wanted
from tests.deploy.tables import REPOSITORY, column, listed, names, table
from tests.deploy.test_settings_documented import required_settings, settings_read

FILE = REPOSITORY / "docker-compose.yml"
SOURCE = FILE.read_text()
EXAMPLE = REPOSITORY / "deploy" / "example.env"
COMPOSE: dict[str, Any] = yaml.safe_load(SOURCE)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if service["image"].startswith("managed-access-gateway:")}
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z0-9_]+)(?::([-?])[^}]*)?\}")


def plain(text: str) -> str:
    """Without the message that a missing value gets."""
    return re.sub(r":\?[^}]*", "", text)


def test_debians_compose_accepts_it() -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed; the tests below look at the structure.")
    command = (program, "--file", str(FILE), "--env-file", str(EXAMPLE), "config", "--quiet")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("row", table("## With containers", "service"), ids=lambda row: row["service"])
def test_images_ports_and_volumes_are_the_documented_ones(row: dict[str, str]) -> None:
    service = SERVICES[row["service"].strip("`")]
    assert listed(row["image"]) == [service["image"]]
    assert listed(row["ports"]) == service.get("ports", [])
    assert listed(row["volumes"]) == [plain(volume) for volume in service.get("volumes", [])]


def test_every_service_is_documented() -> None:
    assert names(column("## With containers", "service")) == set(SERVICES)


def test_every_named_volume_is_declared_and_used() -> None:
    mounted = (volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", []))
    assert {name for name in mounted if re.fullmatch(r"[a-z]+", name)} == set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", sorted(OURS))
def test_settings_of_our_processes_exist_and_none_that_is_required_is_missing(name: str) -> None:
    given = set(SERVICES[name]["environment"])
    assert given - {"GUNICORN_WORKERS", "GUNICORN_THREADS", "MALLOC_ARENA_MAX"} <= settings_read()
    assert required_settings() <= given


def test_a_thousand_slow_senders_have_a_thread_each() -> None:
    given = SERVICES["upload"]["environment"]
    assert int(given["GUNICORN_WORKERS"]) * int(given["GUNICORN_THREADS"]) >= 1000
    assert f"2 × {given['GUNICORN_THREADS']} for uploads" in (REPOSITORY / "docs" / "operations.md").read_text()


def test_every_variable_of_the_env_file_is_documented_and_offered() -> None:
    used = {name for name, _ in VARIABLE.findall(SOURCE)}
    offered = set(re.findall(r"^(?:# )?([A-Z0-9_]+)=", EXAMPLE.read_text(), re.MULTILINE))
    assert used == names(column("## With containers", "variable of `.env`")) == offered


def test_what_is_needed_is_demanded_by_compose_and_set_in_the_example() -> None:
    demanded = {name for name, mark in VARIABLE.findall(SOURCE) if mark == "?"}
    rows = table("## With containers", "variable of `.env`")
    documented = {name for row in rows if row["needed"] == "yes" for name in listed(row["variable of `.env`"])}
    assert demanded == documented == set(re.findall(r"^([A-Z0-9_]+)=.", EXAMPLE.read_text(), re.MULTILINE))


def test_no_secret_stands_in_the_file() -> None:
    for line in SOURCE.splitlines():
        key, _, value = line.strip().partition(": ")
        if re.search(r"(SECRET|PASSWORD|ACCESS_KEY)", key):
            assert value.startswith("${"), line


def test_every_queue_has_its_worker() -> None:
    queues = {
        match[1]
        for service in SERVICES.values()
        if (match := re.search(r"--queues=(\S+)", str(service.get("command"))))
    }
    assert queues == {
        "mail",
        "transfers",
        "housekeeping",
        f"push.{SERVICES['worker-push']['environment']['NODE_NAME']}",
    }


def test_the_uploads_pool_and_the_push_worker_share_the_staging_disk_and_the_node() -> None:
    pool, worker = SERVICES["upload"], SERVICES["worker-push"]
    assert pool["volumes"] == worker["volumes"] == ["staging:/srv/staging"]
    assert pool["environment"]["NODE_NAME"] == worker["environment"]["NODE_NAME"]


def test_only_nginx_is_reachable_from_outside() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"nginx", "mail"}
    assert all(port.startswith("127.0.0.1:") for port in published["mail"])


def test_the_image_holds_every_package() -> None:
    dockerfile = (REPOSITORY / "deploy" / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (\w+) \1$", dockerfile, re.MULTILINE))
    packages = {path.parent.name for path in REPOSITORY.glob("*/apps.py")}
    assert copied == packages | {"templates", "static", "locale"}
    ignored = (REPOSITORY / ".dockerignore").read_text()
    assert all(f"!{name}\n" in ignored for name in copied)


def test_nginx_is_given_every_value_its_configuration_wants() -> None:
    given = set(SERVICES["nginx"]["environment"])
    assert given == values_wanted() | {"NGINX_ENVSUBST_OUTPUT_DIR"}
    assert names(column("## With containers", "value of nginx")) == values_wanted()


def test_nginx_fetches_from_the_store_that_the_gateway_signs_for() -> None:
    nginx, ours = SERVICES["nginx"]["environment"], SERVICES["web"]["environment"]
    assert f"{nginx['STORE_SCHEME']}://{nginx['STORE_HOST']}" == ours["S3_ENDPOINT_URL"]
    assert nginx["RECEIPTS_FOLDER"] == ours["RECEIPTS_DIR"]
    for service in ("nginx", "worker-housekeeping"):
        assert f"receipts:{ours['RECEIPTS_DIR']}" in SERVICES[service]["volumes"]


@pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed: apt-get install nginx")
def test_nginx_accepts_its_configuration(tmp_path: Path) -> None:
    with_tls = Nginx(tmp_path, values={"HTTPS_LISTEN": f"127.0.0.1:{free_port()} ssl", "STORE_SCHEME": "https"})
    assert not with_tls.check()


def test_every_optional_service_is_left_out_until_asked_for() -> None:
    assert {name for name, service in SERVICES.items() if "profiles" in service} == {"clamav"}


def test_no_secret_of_a_link_is_in_the_access_log() -> None:
    text = (REPOSITORY / "deploy" / "nginx.conf").read_text()
    masked = re.search(r'"(~\^/\(\?<door>.*)" "/\$door/-";', text)
    assert masked
    pattern = re.compile(masked.group(1).removeprefix("~").replace("(?<", "(?P<"))
    routes = [str(entry.pattern) for entry in (*accounts_urls.urlpatterns, *orgs_urls.urlpatterns)]
    with_secret = [route for route in routes if ":token>" in route]
    assert with_secret
    assert [route for route in with_secret if not pattern.match("/" + re.sub("<[^>]*>", "s3cret", route))] == []
