"""The browser's side: a page with the newest mail first, a page for each mail, and the same as JSON under ``/api/``."""

from __future__ import annotations

import json
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.template import Context, Engine

from mag_portal.local.mailbox import messages
from mag_portal.local.mailbox.messages import Mail

PAGES = Path(__file__).parent / "pages"
OWN_NAMES = {"127.0.0.1", "localhost"}
PAGE_POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
# A mail brings its own styles and may open links in a new tab; nothing else.
MAIL_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
_engine = Engine(dirs=[str(PAGES)])


def server(folder: Path, *, host: str, port: int) -> ThreadingHTTPServer:
    handler = type("MailboxHandler", (Handler,), {"folder": folder})
    return ThreadingHTTPServer((host, port), handler)


class Handler(BaseHTTPRequestHandler):
    folder: Path
    server_version = "mailbox"
    sys_version = ""

    def do_GET(self) -> None:
        # A page of somebody else's, whose name was made to lead here, must not read one-time links.
        if (urlsplit(f"//{self.headers.get('Host', '')}").hostname or "") not in OWN_NAMES:
            self._answer("Unknown host.", "text/plain", status=HTTPStatus.MISDIRECTED_REQUEST)
            return
        address = urlsplit(self.path)
        match address.path.strip("/").split("/"):
            case [""]:
                self._page("list.html", mails=[_row(mail) for mail in messages.newest_first(self.folder)])
            case ["style.css"]:
                self._answer((PAGES / "style.css").read_text(), "text/css")
            case ["api", "messages"]:
                self._api(to=parse_qs(address.query).get("to", [""])[0])
            case ["messages", mail_id, *rest]:
                self._mail(mail_id, html=rest == ["html"])
            case _:
                self._missing()

    def log_message(self, *_: Any) -> None:
        """The mailbox's own requests are nobody's news."""

    def _api(self, *, to: str) -> None:
        found = [_plain(mail) for mail in messages.newest_first(self.folder) if to.lower() in mail.to.lower()]
        self._answer(json.dumps(found, indent=1, ensure_ascii=False), "application/json")

    def _mail(self, mail_id: str, *, html: bool) -> None:
        mail = messages.find(self.folder, mail_id)
        if mail is None:
            self._missing()
        elif html:
            self._answer(f'<base target="_blank">{mail.html}', "text/html", policy=MAIL_POLICY)
        else:
            self._page("mail.html", mail=_row(mail))

    def _page(self, template: str, **context: Any) -> None:
        self._answer(_engine.get_template(template).render(Context(context)), "text/html")

    def _missing(self) -> None:
        self._answer("There is no such mail.", "text/plain", status=HTTPStatus.NOT_FOUND)

    def _answer(self, text: str, kind: str, *, status: HTTPStatus = HTTPStatus.OK, policy: str = PAGE_POLICY) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


def _plain(mail: Mail) -> dict[str, Any]:
    return {**asdict(mail), "at": mail.at.isoformat()}


def _row(mail: Mail) -> dict[str, Any]:
    return {**_plain(mail), "shown_at": f"{mail.at.astimezone():%Y-%m-%d %H:%M:%S}"}
