"""The commands of ``mag-sft`` and what they print: words for people, or one JSON document a line with ``--json``."""

from __future__ import annotations

import argparse
import getpass
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import urllib3

from mag_sft import fetching, keeping, lines, progress, sending
from mag_sft.errors import BrokenOff, Different, Exit, NotAllowed, Refusal, TransferError
from mag_sft.gateway import Gateway
from mag_sft.keeping import Account, Begun
from mag_sft.sending import Options

# What bbr wants on 1 Gbit/s at 200 ms and 2 % loss; a line that rewards fewer gets fewer.
MOST_CONNECTIONS = 48
PATIENCE_SECONDS = 900


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (``mag_sft.errors.Exit``)."""
    asked = _parser().parse_args(arguments)
    act: Callable[[argparse.Namespace], int] = asked.act
    try:
        return act(asked)
    except TransferError as error:
        return _told(asked, error, error.exit_code)
    except Refusal as refusal:
        return _told(asked, sending.translated(refusal), sending.translated(refusal).exit_code)
    except urllib3.exceptions.HTTPError:
        silent = BrokenOff("The gateway does not answer. Is its address right, and are you online?")
        return _told(asked, silent, silent.exit_code)
    except KeyboardInterrupt:
        return _told(asked, BrokenOff("Interrupted. Go on with “mag-sft resume”."), Exit.INTERRUPTED)


# --- The commands -------------------------------------------------------------------------------------------------
def _login(asked: argparse.Namespace) -> int:
    token = sys.stdin.readline().strip() if asked.token_stdin else getpass.getpass("Access token: ").strip()
    account = Account(_address(asked.gateway), token)
    _gateway(asked, account).own_files()
    keeping.keep_account(account)
    _say(asked, {"gateway": account.gateway}, f"Signed in at {account.gateway}.")
    return Exit.DONE


def _logout(asked: argparse.Namespace) -> int:
    there = keeping.forget_account()
    _say(asked, {"forgotten": there}, "Forgotten." if there else "Nobody had signed in here.")
    return Exit.DONE


def _upload(asked: argparse.Namespace) -> int:
    files = list(_files(asked.path))
    gateway = _gateway(asked, keeping.account())
    send = partial(sending.send, gateway, options=_options(asked), progress=_progress(asked), subject=asked.subject)
    return _each(asked, [partial(_sent, asked, partial(send, path, folder=folder)) for path, folder in files])


def _download(asked: argparse.Namespace) -> int:
    gateway = _gateway(asked, keeping.account())
    fetch = partial(
        fetching.fetch, gateway, destination=Path(asked.to), options=_options(asked), progress=_progress(asked)
    )
    return _each(asked, [partial(_fetched, asked, partial(fetch, upload_id)) for upload_id in asked.id])


def _resume(asked: argparse.Namespace) -> int:
    account = keeping.account()
    gateway = _gateway(asked, account)
    here = [begun for begun in keeping.unfinished() if begun.gateway == gateway.address]
    if not here:
        _say(asked, {"resumed": 0}, "Nothing was broken off.")
    return _each(asked, [partial(_go_on, asked, gateway, begun) for begun in here])


def _go_on(asked: argparse.Namespace, gateway: Gateway, begun: Begun) -> None:
    options, bar = _options(asked), _progress(asked)
    if begun.kind == "download":
        fetch = partial(fetching.fetch, gateway, begun.upload_id, Path(begun.file), options=options, progress=bar)
        _fetched(asked, fetch)
        return
    path = Path(begun.file)
    status = path.stat() if path.exists() else None
    if status is None or (status.st_size, status.st_mtime_ns) != (begun.size, begun.modified_ns):
        keeping.forget(begun)
        raise Different(f"{path} is gone or has changed since its sending began. Send it anew.")
    _sent(asked, partial(sending.send, gateway, path, options=options, progress=bar))


def _verify(asked: argparse.Namespace) -> int:
    gateway = _gateway(asked, keeping.account())
    with Path(asked.file).open("rb") as file:
        here = hashlib.file_digest(file, "sha256").hexdigest()
    there = gateway.look(asked.id).sha256
    facts = {"file": asked.file, "id": asked.id, "sha256": here, "gateway_sha256": there, "equal": here == there}
    if here != there:
        _say(asked, facts, "")
        raise Different(f"{asked.file} is not the file at the gateway: its SHA-256 is {here}, there it is {there}.")
    _say(asked, facts, f"{asked.file} is, bit for bit, the file at the gateway ({here}).")
    return Exit.DONE


def _sent(asked: argparse.Namespace, send: Callable[[], sending.Sent]) -> None:
    sent = send()
    words = f"{sent.name}  {sent.upload_id}  {sent.state}  {sent.sha256}".rstrip()
    _say(asked, asdict(sent), words)


def _fetched(asked: argparse.Namespace, fetch: Callable[[], fetching.Fetched]) -> None:
    fetched = fetch()
    _say(asked, asdict(fetched), f"{fetched.file}  {fetched.size} bytes  {fetched.sha256}")


def _each(asked: argparse.Namespace, transfers: list[Callable[[], None]]) -> int:
    """Do one after the other; one that fails does not keep the others from being tried. Returns the first failure's code."""
    worst: int = Exit.DONE
    for transfer in transfers:
        try:
            transfer()
        except TransferError as error:
            worst = worst or _told(asked, error, error.exit_code)
            if isinstance(error, NotAllowed):
                break
        except (FileNotFoundError, PermissionError) as error:
            worst = worst or _told(asked, TransferError(f"{error.filename}: {error.strerror}."), Exit.FAILED)
    return worst


# --- What they share ----------------------------------------------------------------------------------------------
def _gateway(asked: argparse.Namespace, account: Account) -> Gateway:
    congestion = lines.chosen(asked.congestion)
    return Gateway(account.gateway, account.token, lines.pool(connections=asked.connections, congestion=congestion))


def _options(asked: argparse.Namespace) -> Options:
    return Options(connections=asked.connections, patience=asked.patience, wait=not getattr(asked, "no_wait", False))


def _progress(asked: argparse.Namespace) -> Callable[[str, int], progress.Progress]:
    return partial(progress.shown, wanted=not (asked.json or asked.quiet))


def _files(paths: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Each file with the folder it is sent under: that of a named folder, from its own name on."""
    for text in paths:
        path = Path(text).absolute()
        if not path.is_dir():
            yield path, ""
            continue
        for file in sorted(path.rglob("*")):
            if file.is_file():
                yield file, file.parent.relative_to(path.parent).as_posix()


def _address(text: str) -> str:
    address = text if "://" in text else f"https://{text}"
    return address.rstrip("/")


def _say(asked: argparse.Namespace, facts: dict[str, Any], words: str) -> None:
    if asked.json:
        print(json.dumps(facts, ensure_ascii=False), flush=True)
    elif words:
        print(words, flush=True)


def _told(asked: argparse.Namespace, error: Exception, code: int) -> int:
    if asked.json:
        print(json.dumps({"error": type(error).__name__, "message": str(error)}, ensure_ascii=False), flush=True)
    print(f"mag-sft: {error}", file=sys.stderr, flush=True)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mag-sft", description="Secure File Transfer from a terminal.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, act: Callable[[argparse.Namespace], int], words: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=words, description=words)
        made.set_defaults(act=act)
        made.add_argument("--json", action="store_true", help="print one JSON document a line instead of words")
        made.add_argument("--quiet", action="store_true", help="show no bar")
        most = (
            f"the most at a time (default {MOST_CONNECTIONS}, at most {fetching.MOST_STREAMS} to fetch); "
            "it begins with 6 and adds more while that is faster"
        )
        made.add_argument("--connections", type=_connections, default=MOST_CONNECTIONS, metavar="N", help=most)
        control = (
            "congestion control of the connections: auto (bbr where the system has it), system (its own), bbr, cubic, …"
        )
        made.add_argument("--congestion", default="auto", metavar="NAME", help=control)
        patience = "give up for now after so long without a byte taken (default 900)"
        made.add_argument("--patience", type=float, default=PATIENCE_SECONDS, metavar="SECONDS", help=patience)
        return made

    login = command("login", _login, "Keep a gateway's address and an access token of yours on this machine.")
    login.add_argument("gateway", help="the gateway's address, such as https://gateway.example")
    login.add_argument("--token-stdin", action="store_true", help="read the token from standard input")
    command("logout", _logout, "Forget them.")
    upload = command("upload", _upload, "Send files and folders; returns when they are stored and verified.")
    upload.add_argument("path", nargs="+", help="a file, or a folder with all that is in it")
    upload.add_argument("--subject", metavar="UUID", help="what the files are for, such as a draft package of yours")
    upload.add_argument("--no-wait", action="store_true", help="return once the gateway has every byte")
    download = command("download", _download, "Fetch stored files.")
    download.add_argument("id", nargs="+", help="the file's id")
    download.add_argument("--to", default=".", metavar="PATH", help="a folder, or the file to write (default: here)")
    command("resume", _resume, "Go on with everything that was broken off.")
    verify = command("verify", _verify, "Compare a file on this disk with the one at the gateway, by SHA-256.")
    verify.add_argument("file", help="the file on this disk")
    verify.add_argument("id", help="the file's id at the gateway")
    return parser


def _connections(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError("give a number from 1 to 64")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
