"""What ``mag-sft`` keeps on this machine: which gateway and token, and what it began and has not ended yet.

Under ``$XDG_CONFIG_HOME/mag-sft`` and ``$XDG_STATE_HOME/mag-sft``, readable by their owner only. ``MAG_SFT_GATEWAY`` and
``MAG_SFT_TOKEN`` go before what is kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mag_sft.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Account:
    gateway: str
    token: str


@dataclass(slots=True)
class Begun:
    """A transfer that has begun: ``kind`` is upload or download, ``done`` the first bytes of a download's finished blocks."""

    kind: str
    gateway: str
    upload_id: str
    file: str
    size: int
    modified_ns: int = 0
    sha256: str = ""
    block: int = 0
    done: list[int] = field(default_factory=list)


def account() -> Account:
    """Who we are. Raises ``NotAllowed`` where nobody has signed in."""
    kept = _read(_config_file())
    gateway = os.environ.get("MAG_SFT_GATEWAY") or kept.get("gateway", "")
    token = os.environ.get("MAG_SFT_TOKEN") or kept.get("token", "")
    if not gateway or not token:
        raise NotAllowed("Nobody has signed in here: run “mag-sft login GATEWAY” with an access token of yours.")
    return Account(gateway, token)


def keep_account(found: Account) -> None:
    _write(_config_file(), asdict(found))


def forget_account() -> bool:
    """Whether there was one."""
    there = _config_file().exists()
    _config_file().unlink(missing_ok=True)
    return there


def keep(begun: Begun) -> None:
    _write(_file_of(begun), asdict(begun))


def forget(begun: Begun) -> None:
    _file_of(begun).unlink(missing_ok=True)


def unfinished() -> Iterator[Begun]:
    """Everything that was begun and not ended, in the order of its beginning."""
    files = sorted(_state_folder().glob("*.json"), key=lambda file: file.stat().st_mtime)
    for file in files:
        content = _read(file)
        if content:
            yield Begun(**content)


def find_upload(gateway: str, file: Path, *, size: int, modified_ns: int) -> Begun | None:
    """An upload of this very file that was broken off."""
    for begun in unfinished():
        same = (begun.kind, begun.gateway, begun.file) == ("upload", gateway, str(file))
        if same and (begun.size, begun.modified_ns) == (size, modified_ns):
            return begun
    return None


def _file_of(begun: Begun) -> Path:
    return _state_folder() / f"{begun.kind}-{begun.upload_id}.json"


def _config_file() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "mag-sft" / "account.json"


def _state_folder() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "mag-sft"


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(file: Path, content: dict[str, Any]) -> None:
    """Readers see the old content or the new one; only the owner may read it."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content))
    draft.replace(file)
