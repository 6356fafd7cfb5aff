"""What files are called in an archive: safe on every system, and each name once, also where case or folders coincide."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from transfers.names import NAME_BYTES, safe_filename


def zip_names(files: Iterable[tuple[str, str]], *, reserved: Iterable[str] = ()) -> list[str]:
    """For each (folder, name) a path in the archive, in the same order; the same files always get the same paths.

    What coincides with an earlier one, with a folder or with ``reserved``, on a system that does not tell "A" from "a", is
    numbered: ``plan (2).pdf``.
    """
    paths = [[*_steps(folder), _step(name)] for folder, name in files]
    taken = {_key(path) for path in reserved} | {key for path in paths for key in _folders(path)}
    counts: dict[str, int] = {}
    names = []
    for path in paths:
        name = "/".join(path)
        key = _key(name)
        while _key(name) in taken:
            counts[key] = counts.get(key, 1) + 1
            name = "/".join([*path[:-1], _numbered(path[-1], counts[key])])
        taken.add(_key(name))
        names.append(name)
    return names


def _steps(folder: str) -> list[str]:
    return [_step(step) for step in folder.replace("\\", "/").split("/") if step not in {"", ".", ".."}]


def _step(name: str) -> str:
    return safe_filename(unicodedata.normalize("NFC", name))


def _folders(path: list[str]) -> list[str]:
    return [_key("/".join(path[:depth])) for depth in range(1, len(path))]


def _key(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())


def _numbered(name: str, number: int) -> str:
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    end = f" ({number}){dot}{extension}"
    room = NAME_BYTES - len(end.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip() + end
