"""Packages: files sent for somebody, through the parts door and through the plain form, and fetched as one archive."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.soak import doors
from tests.soak.content import PART, Content
from tests.soak.doors import Sending
from tests.soak.fetching import fetch_archive
from tests.soak.gateway import Answer, Broken, Gateway

BOUNDARY = "soak-boundary-6f1c2e"


def send(sending: Sending, recipient: str) -> Sequence[Content]:
    """A draft with the file of ``sending`` and some small ones, some of them by the plain form; sent, delivered, compared."""
    gateway, draw = sending.gateway, sending.draw
    draft = _begun(gateway, sending.content, recipient)
    smaller = [_small(sending.content, draw, number) for number in range(1, draw.randint(2, 3))]
    in_parts = [sending.content, *smaller]
    kept = {
        doors.parts(replace(sending, content=each, subject=draft["id"], acknowledged=set()))["id"] for each in in_parts
    }
    by_form = _by_form(sending, draft, _small(sending.content, draw, 9))
    _tidy(gateway, draft, kept, by_form)
    sent = gateway.until(partial(_send, gateway, draft), what="a package is sent")
    _delivered(sending, sent)
    contents = [*in_parts, by_form]
    with tempfile.TemporaryDirectory(prefix="mag-soak-zip-") as name:
        fetch_archive(gateway, f"{draft['url']}zip/", contents, Path(name))
    gateway.tally.packages += 1
    return contents


def _small(content: Content, draw: random.Random, number: int) -> Content:
    return Content(seed=content.seed * 10 + number, size=int((2 * PART) ** draw.random()))


def _begun(gateway: Gateway, content: Content, recipient: str) -> dict[str, Any]:
    fields = {"title": content.name, "recipient": recipient, "do": "add"}
    answer = gateway.until(lambda: gateway.submit("/sft/packages/new/", fields), what="a draft is begun")
    if answer.status != HTTPStatus.OK:
        raise Broken(f"a draft is begun: {answer}")
    return answer.document


def _by_form(sending: Sending, draft: dict[str, Any], content: Content) -> Content:
    """Choose the file in a page without script until it is in the draft, once."""
    gateway = sending.gateway

    def choose() -> Content:
        wanted = replace(content, seed=content.seed * 1000 + sending.draw.randrange(1000))
        gateway.tally.sending(wanted.size)
        answer = _submit_file(gateway, draft, wanted)
        if answer.status != HTTPStatus.FOUND:
            raise Broken(f"the plain form: {answer}")
        sending.acknowledge(wanted.size)
        return wanted

    return gateway.until(choose, what="a file is sent by the plain form")


def _tidy(gateway: Gateway, draft: dict[str, Any], kept: set[str], by_form: Content) -> None:
    """Take out again what requests left behind whose answer was lost, as its sender would do."""
    for file in gateway.until(partial(_status, gateway, draft), what="a draft is asked for")["files"]:
        if file["upload"] not in kept and file["name"] != by_form.name:
            gateway.until(partial(_take_out, gateway, draft, file["id"]), what="a file is taken out")


def _submit_file(gateway: Gateway, draft: dict[str, Any], content: Content) -> Answer:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{content.name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + content.read(0, content.size) + f"\r\n--{BOUNDARY}--\r\n".encode()
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return gateway.browsed("POST", f"{draft['url']}files/", body=body, Content_Type=kind)


def _take_out(gateway: Gateway, draft: dict[str, Any], file_id: str) -> None:
    answer = gateway.submit(draft["draft_url"], {"remove_file": file_id})
    if answer.status not in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
        raise Broken(f"a file is taken out of a draft: {answer}")


def _status(gateway: Gateway, draft: dict[str, Any]) -> dict[str, Any]:
    answer = gateway.browsed("GET", draft["status_url"])
    if answer.status != HTTPStatus.OK:
        raise Broken(f"a package is asked for: {answer}")
    return answer.document


def _send(gateway: Gateway, draft: dict[str, Any]) -> dict[str, Any]:
    answer = gateway.submit(draft["draft_url"], {"do": "send"})
    if answer.status == HTTPStatus.OK:
        return answer.document
    # An answer that was lost may have been a yes.
    document = _status(gateway, draft)
    if document["state"] == "draft":
        raise Broken(f"a package is not sent: {answer}")
    return document


def _delivered(sending: Sending, draft: dict[str, Any]) -> None:
    gateway = sending.gateway
    while True:
        document = gateway.until(partial(_status, gateway, draft), what="a package is asked for")
        sending.progress.look((document["state"], [file["state"] for file in document["files"]]))
        if document["state"] == "delivered":
            return
        if document["state"] not in {"uploading", "processing"}:
            raise Broken(f"a package ended {document['state']}: {document['failure']}")
        if sending.progress.still_for > gateway.patience:
            raise Broken(f"a package is stuck in {document['state']}: {document['files']}")
        time.sleep(0.5)
