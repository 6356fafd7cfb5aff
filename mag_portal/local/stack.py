"""The whole stack as data: which services, which commands and which processes of the gateway, in which order."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mag_portal.local import credentials as secrets
from mag_portal.local import mail, object_store, ports, postgresql, redis_server, web
from mag_portal.local.choices import Choices
from mag_portal.local.credentials import Credentials
from mag_portal.local.object_store import ObjectStore
from mag_portal.local.process import CannotStart, Process

S3_PORTS = tuple(f"s3-{number}" for number in range(1, object_store.PORTS_NEEDED + 1))
# A service to start, or nothing when one is given, and the variables that lead to it.
Part = tuple[Process | None, dict[str, str]]
PORT_NAMES = ("postgresql", "redis", "smtp", "mailbox", "uploads", *S3_PORTS)


@dataclass(frozen=True, kw_only=True)
class Stack:
    """``services`` start first and side by side, ``preparation`` beside them; then ``commands`` one by one; then ``gateway``
    side by side.

    ``environment`` is what every process of the gateway gets; ``description`` is the static part of ``run.json``.
    """

    services: tuple[Process, ...]
    preparation: Process
    commands: tuple[Process, ...]
    gateway: tuple[Process, ...]
    environment: Mapping[str, str]
    description: Mapping[str, Any]


def describe(choices: Choices) -> Stack:
    """Prepare what is embedded in the data folder; check what is given. Raises ``CannotStart``."""
    folder = choices.data_dir
    credentials = secrets.load(folder)
    chosen = ports.keep(folder / "ports.json", PORT_NAMES, taken={choices.port})
    services: list[Process] = []
    variables = {
        "MAG_ENV": choices.environment,
        "SECRET_KEY": credentials.secret_key,
        "FIELD_KEYS": f"local:{credentials.field_key}",
        "AUDIT_SIGNING_KEY": credentials.audit_signing_key,
        "DATA_DIR": str(folder),
        "NODE_NAME": choices.node_name,
        "BASE_URL": choices.base_url,
        "UPLOAD_ORIGINS": f"http://{ports.LOOPBACK}:{chosen['uploads']}",
        "DJANGO_SETTINGS_MODULE": "mag_portal.settings",
        "PYTHONUNBUFFERED": "1",
        **choices.settings,
    }
    for service in (_database, _broker, _object_store, _mailbox):
        process, found = service(choices, credentials, chosen)
        services += [process] if process else []
        variables |= found
    return Stack(
        services=tuple(services),
        preparation=web.management(variables, "collectstatic", "--no-input", "--verbosity=0"),
        commands=_commands(choices, variables),
        gateway=_gateway(choices, variables, chosen),
        environment=variables,
        description=_description(choices, variables, chosen),
    )


def demonstration(choices: Choices) -> dict[str, Any]:
    """The accounts and the invitation that ``seed_demo`` left for people and scripts, at the address of this run."""
    path = choices.data_dir / "demo.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    link = urlsplit(found.get("invitation_url", ""))
    return {
        "accounts": found.get("accounts", []),
        "invitation_url": f"{choices.base_url}{link.path}" if link.path else "",
    }


def _database(choices: Choices, credentials: Credentials, chosen: Mapping[str, int]) -> Part:
    given = choices.given.get("DATABASE_URL")
    if given:
        _require(lambda: postgresql.answers(given), "The database of DATABASE_URL does not answer.")
        return None, {"DATABASE_URL": given}
    folder, port = choices.data_dir / "postgresql", chosen["postgresql"]
    postgresql.prepare(folder, credentials)
    process = postgresql.process(folder, credentials, port=port)
    return process, {"DATABASE_URL": postgresql.url(credentials, port=port)}


def _broker(choices: Choices, credentials: Credentials, chosen: Mapping[str, int]) -> Part:
    given = choices.given.get("REDIS_URL")
    if given:
        _require(lambda: redis_server.answers(given), "The Redis of REDIS_URL does not answer.")
        return None, {"REDIS_URL": given}
    port = chosen["redis"]
    process = redis_server.process(choices.data_dir / "redis", credentials, port=port)
    return process, {"REDIS_URL": redis_server.url(credentials, port=port)}


def _object_store(choices: Choices, credentials: Credentials, chosen: Mapping[str, int]) -> Part:
    given = choices.given.get("S3_ENDPOINT_URL")
    if given:
        store = ObjectStore(
            endpoint=given,
            access_key=choices.given["S3_ACCESS_KEY_ID"],
            secret_key=choices.given["S3_SECRET_ACCESS_KEY"],
            bucket=choices.bucket,
            region=choices.region,
        )
        _require(store.has_bucket, f"The S3 store at {given} does not answer.")
        return None, store.variables
    s3_ports = [chosen[name] for name in S3_PORTS]
    process = object_store.process(choices.data_dir / "s3", credentials, ports=s3_ports)
    store = object_store.embedded(credentials, ports=s3_ports)
    # Browsers on this machine reach the embedded store like everybody else.
    public = {"S3_PUBLIC_ENDPOINT_URL": store.endpoint} if _is_direct(choices) else {}
    return process, {**store.variables, **public}


def _mailbox(choices: Choices, _credentials: Credentials, chosen: Mapping[str, int]) -> Part:
    given = choices.given.get("EMAIL_URL")
    if given:
        return None, {"EMAIL_URL": given}
    process = mail.process(choices.data_dir / "mail", smtp_port=chosen["smtp"], web_port=chosen["mailbox"])
    return process, {"EMAIL_URL": mail.url(smtp_port=chosen["smtp"])}


def _require(check: Callable[[], bool], sentence: str) -> None:
    if not check():
        raise CannotStart(sentence)


def _is_direct(choices: Choices) -> bool:
    return choices.settings.get("UPLOAD_DOOR") == "direct"


def _commands(choices: Choices, variables: Mapping[str, str]) -> tuple[Process, ...]:
    commands = [web.management(variables, "migrate", "--no-input", "--verbosity=0")]
    if _is_direct(choices):
        commands.append(web.management(variables, "configure_bucket"))
    if not choices.production and web.has_command("seed_demo"):
        commands.append(web.management(variables, "seed_demo"))
    return tuple(commands)


def _gateway(choices: Choices, variables: Mapping[str, str], chosen: Mapping[str, int]) -> tuple[Process, ...]:
    return (
        web.pages(variables, port=choices.port),
        web.uploads(variables, port=chosen["uploads"]),
        web.worker("mail", variables, queue="mail"),
        web.worker("push", variables, queue=f"push.{choices.node_name}"),
        web.worker("transfers", variables, queue="transfers"),
        web.worker("housekeeping", variables, queue="housekeeping"),
        web.beat(variables, folder=choices.data_dir),
    )


def _description(choices: Choices, variables: Mapping[str, str], chosen: Mapping[str, int]) -> dict[str, Any]:
    mailbox_url = "" if "EMAIL_URL" in choices.given else f"http://{ports.LOOPBACK}:{chosen['mailbox']}/"
    return {
        "base_url": choices.base_url,
        "mailbox_url": mailbox_url,
        "mailbox_api": f"{mailbox_url}api/messages" if mailbox_url else "",
        "tus_endpoint": f"{variables['UPLOAD_ORIGINS'].split(',')[0].strip().rstrip('/')}/transfers/tus/",
        "parts_endpoint": f"{choices.base_url}/transfers/uploads/",
        "database_url": variables["DATABASE_URL"],
        "redis_url": variables["REDIS_URL"],
        "s3": {
            "endpoint": variables["S3_ENDPOINT_URL"],
            "access_key": variables["S3_ACCESS_KEY_ID"],
            "secret_key": variables["S3_SECRET_ACCESS_KEY"],
            "bucket": variables["S3_BUCKET"],
            "region": variables["S3_REGION"],
        },
    }
