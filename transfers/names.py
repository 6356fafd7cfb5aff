"""File names: what the sender calls a file is kept for show, and made safe where it leaves us as a file name again."""

from __future__ import annotations

import re
import unicodedata

from core.errors import Invalid

NAME_BYTES = 255
PATH_CHARACTERS = 1024

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u2028\u2029]')
# Characters that change the direction of what follows: "exe.gpj" must not read as "jpg.exe".
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Those of them that force a direction. The marks that are left (U+200E, U+200F) stand in names people give.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)")


def clean_name(name: str) -> str:
    """The name as it is kept. Raises ``Invalid`` for what no file system would have produced, or what reads as another."""
    if not name.strip():
        raise Invalid(fields={"name": "The file has no name."})
    if _has_control(name) or "/" in name:
        raise Invalid(fields={"name": "The file's name has a character in it that names cannot have. Rename the file."})
    if len(name.encode()) > NAME_BYTES:
        raise Invalid(
            fields={"name": f"The file's name is longer than {NAME_BYTES} bytes. Give the file a shorter name."}
        )
    return name


def clean_path(path: str) -> str:
    """The folders above the file, joined by ``/``, without empty, ``.`` and ``..`` steps."""
    if _has_control(path):
        raise Invalid(
            fields={"path": "A folder's name has a character in it that names cannot have. Rename the folder."}
        )
    steps = [step for step in path.replace("\\", "/").split("/") if step not in {"", ".", ".."}]
    if any(len(step.encode()) > NAME_BYTES for step in steps) or len("/".join(steps)) > PATH_CHARACTERS:
        raise Invalid(fields={"path": "The folders above this file have too long names. Shorten them."})
    return "/".join(steps)


def safe_filename(name: str) -> str:
    """A name that any operating system can save under and that shows what it is; the extension is kept."""
    safe = _DIRECTION.sub("", _UNSAFE.sub("_", name)).strip().rstrip(". ") or "file"
    if _RESERVED.match(safe):
        safe = f"_{safe}"
    stem, dot, extension = safe.rpartition(".")
    if len(safe.encode()) > NAME_BYTES and dot and len(extension.encode()) < NAME_BYTES // 4:
        return _shorten(stem, NAME_BYTES - len(extension.encode()) - 1) + dot + extension
    return _shorten(safe, NAME_BYTES)


def ascii_filename(name: str) -> str:
    """``name`` in plain ASCII, as safe as ``safe_filename``, for clients that do not read RFC 5987."""
    # Some characters only become a quotation mark or a slash here.
    plain = _UNSAFE.sub("_", unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode())
    if plain.startswith(".") and not name.startswith("."):
        plain = f"file{plain}"
    return plain.rstrip(". ") or "file"


def _shorten(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore")


def _has_control(text: str) -> bool:
    """Control characters, halves of surrogate pairs, which no encoding can carry, and what turns the reading direction."""
    return any(unicodedata.category(character) in {"Cc", "Cs"} for character in text) or bool(_TURNS.search(text))
