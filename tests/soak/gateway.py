"""How the gateway is asked: one request, the same one until there is an answer, and the two ways in which it can go wrong."""

from __future__ import annotations

import http.client
import json
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import CookieJar
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, build_opener

from tests.soak.tally import Tally

T = TypeVar("T")
TIMEOUT = 30
UPLOADS = "/transfers/uploads/"
PASSING = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT}


class Broken(Exception):
    """A promise of the gateway was broken; the text says which."""


class Again(Exception):
    """Nothing is wrong: the gateway or the line was away for the moment."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return found

    @property
    def code(self) -> str:
        return str(self.document.get("code", ""))

    def __str__(self) -> str:
        return f"{self.status} {self.body[:200]!r}"


@dataclass
class Gateway:
    """``uploads`` are the upload pools of all nodes. ``patience`` is for how many seconds one thing may fail before it counts
    as stuck.
    """

    pages: str
    uploads: Sequence[str]
    token: str
    patience: float
    tally: Tally
    cookies: dict[str, str] = field(default_factory=dict)

    def origin(self, draw: random.Random) -> str:
        """One of the upload pools: requests of one upload are spread over all."""
        return draw.choice(self.uploads)

    def ask(self, method: str, url: str, *, body: bytes = b"", **headers: str) -> Answer:
        """One request. Raises ``Again`` for a broken line and for every answer that is the moment's."""
        with self.asking(method, url, body=body, **headers) as answer:
            try:
                content = answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise Again(f"{method}: {error!r}") from error
            found = Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)
        if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR or found.status in PASSING:
            self.tally.refused[f"{found.status} {found.code}".strip()] += 1
            raise Again(f"{method} {urlsplit(url).path}: {found}")
        return found

    @contextmanager
    def asking(self, method: str, url: str, *, body: bytes = b"", **headers: str) -> Iterator[http.client.HTTPResponse]:
        """The answer before its body is read. Raises ``Again`` for a line that breaks before it."""
        where = urlsplit(url)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=TIMEOUT)
        try:
            path = where.path + (f"?{where.query}" if where.query else "")
            try:
                connection.request(method, path, body=body or None, headers=named | {"Content-Length": str(len(body))})
                answer = connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                raise Again(f"{method} {where.path}: {error!r}") from error
            yield answer
        finally:
            connection.close()

    @property
    def authorization(self) -> str:
        return f"Bearer {self.token}"

    def asked(self, method: str, url: str, *, body: bytes = b"", **headers: str) -> Answer:
        """``ask`` under the token."""
        return self.ask(method, url, body=body, Authorization=self.authorization, **headers)

    def json(self, method: str, path: str, document: object = None) -> Answer:
        body = b"" if document is None else json.dumps(document).encode()
        return self.asked(method, f"{self.pages}{path}", body=body, Content_Type="application/json")

    def upload(self, upload_id: str) -> dict[str, Any]:
        """The upload as the pages tell it, asked until they do."""
        return self.until(lambda: self.json("GET", f"{UPLOADS}{upload_id}/"), what="an upload is asked for").document

    def until(self, act: Callable[[], T], *, what: str) -> T:
        """The first answer of ``act`` that is not ``Again``. Raises ``Broken`` when there is none for too long."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                return act()
            except Again as error:
                if time.monotonic() > deadline:
                    raise Broken(f"{what}: {error}, for {self.patience:g} s") from error
                time.sleep(0.1 + random.random() * 0.4)

    # --- As somebody in a browser -----------------------------------------------------------------------------------

    def sign_in(self, user_id: str, password: str) -> None:
        """Come in through the two pages; what is asked by ``browsed`` is asked in this session."""
        jar = CookieJar()
        browser = build_opener(HTTPCookieProcessor(jar))
        browser.addheaders = [("Origin", self.pages), ("Referer", f"{self.pages}/")]
        page = browser.open(f"{self.pages}/sign-in/")
        for typed in ({"identifier": user_id}, {"identifier": user_id, "password": password}):
            hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.read().decode()))
            page = browser.open(page.url, urlencode(hidden | typed).encode())
        page.close()
        self.cookies = {cookie.name: cookie.value or "" for cookie in jar}

    def browsed(self, method: str, path: str, *, body: bytes = b"", **headers: str) -> Answer:
        """``ask`` under the session, with the token that its forms carry."""
        return self.ask(method, f"{self.pages}{path}", body=body, **self.browser, **headers)

    def submit(self, path: str, fields: dict[str, str]) -> Answer:
        """Send a form as the page's script does; the answer is JSON."""
        kind = "application/x-www-form-urlencoded"
        return self.browsed("POST", path, body=urlencode(fields).encode(), Content_Type=kind)

    @property
    def browser(self) -> dict[str, str]:
        """The headers of a signed-in browser."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        told = {"Cookie": cookies, "Accept": "application/json", "Origin": self.pages, "Referer": f"{self.pages}/"}
        return {**told, "X_CSRFToken": self.cookies.get("csrf", "")}
