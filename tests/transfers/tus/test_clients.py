"""The world's tus clients as they are: tus-js-client under Node.js, tuspy, and Uppy in Chromium on another origin."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from tusclient.client import TusClient

from mag_portal.local import npm
from mag_portal.local.choices import REPOSITORY
from tests.transfers.conftest import MIB
from tests.transfers.sending import content_in_store, random_bytes
from tests.transfers.tus.conftest import Gateway
from tests.transfers.tus.speaking import Speaker, upload_at, work_off
from transfers.models import Concat, UploadState

CONTENT = random_bytes(11 * MIB + 12_345)
CLIENTS = REPOSITORY / "tests" / "clients"


@pytest.fixture(scope="module")
def clients() -> Path:
    """The clients from npm, brought at the first run."""
    try:
        return npm.installed(CLIENTS)
    except npm.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "drawing.step"
    path.write_bytes(CONTENT)
    return path


class TusJsClient:
    def __init__(self, clients: Path, gateway: Gateway, file: Path) -> None:
        self._clients = clients
        self._asked = {
            "endpoint": gateway.url,
            "token": gateway.speaker.token,
            "file": str(file),
            "size": len(CONTENT),
            "storage": str(file.with_name("urls.json")),
        }

    def run(self, scenario: str) -> dict[str, Any]:
        asked = json.dumps({**self._asked, "scenario": scenario})
        run = subprocess.run(
            ("node", str(self._clients / "tus_js_client.mjs"), asked), capture_output=True, timeout=60, check=False
        )
        assert run.returncode == 0, run.stderr.decode()
        return dict(json.loads(run.stdout))


@pytest.fixture
def js(clients: Path, gateway: Gateway, file: Path) -> TusJsClient:
    return TusJsClient(clients, gateway, file)


@pytest.mark.parametrize(
    ("scenario", "requests"),
    [
        ("plain", ["POST", *["PATCH"] * 6]),
        ("override", ["POST"] * 7),
        ("creation", ["POST", *["PATCH"] * 5]),
        ("deferred", ["POST", *["PATCH"] * 6]),
    ],
)
def test_tus_js_client_sends_a_file(js: TusJsClient, scenario: str, requests: list[str]) -> None:
    told = js.run(scenario)
    assert told["requests"] == requests
    upload = work_off(upload_at(told["url"]))
    assert (upload.state, upload.name) == (UploadState.STORED, "clïent.bin")
    assert content_in_store(upload) == CONTENT


def test_tus_js_client_sends_a_file_in_parallel(js: TusJsClient) -> None:
    final = upload_at(js.run("parallel")["url"])
    sources = [source.partial for source in final.sources.order_by("position")]
    assert (final.concat, len(sources)) == (Concat.FINAL, 3)
    for source in sources:
        work_off(source)
    assert work_off(final).state == UploadState.STORED
    assert content_in_store(final) == CONTENT


def test_tus_js_client_goes_on_where_it_stopped(js: TusJsClient) -> None:
    begun = js.run("interrupt")
    assert 4 * MIB <= begun["bytes"] < len(CONTENT)
    ended = js.run("resume")
    assert (ended["url"], ended["requests"][0]) == (begun["url"], "HEAD")
    assert begun["bytes"] + ended["bytes"] <= len(CONTENT)
    assert content_in_store(work_off(upload_at(ended["url"]))) == CONTENT


def test_tus_js_client_gives_an_upload_up(js: TusJsClient, tus: Speaker) -> None:
    told = js.run("terminate")
    assert told["requests"][-1] == "DELETE"
    assert upload_at(told["url"]).state == UploadState.ABORTED


@pytest.mark.parametrize("checked", [False, True])
def test_tuspy_sends_a_file(gateway: Gateway, file: Path, checked: bool) -> None:
    client = TusClient(gateway.url, headers={"Authorization": f"Bearer {gateway.speaker.token}"})
    uploader = client.uploader(
        str(file), chunk_size=3 * MIB, metadata={"filename": "tuspy.step"} if checked else None, upload_checksum=checked
    )
    uploader.upload_chunk()  # type: ignore[no-untyped-call] # tuspy has no types for it
    again = client.uploader(str(file), url=uploader.url, chunk_size=3 * MIB, upload_checksum=checked)
    assert again.offset == 3 * MIB
    again.upload()
    upload = work_off(upload_at(str(uploader.url)))
    assert (upload.state, upload.name) == (UploadState.STORED, "tuspy.step" if checked else "file")
    assert content_in_store(upload) == CONTENT


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing: apt-get install curl")
def test_the_example_for_curl_works_as_it_is_written(gateway: Gateway, file: Path) -> None:
    page = (REPOSITORY / "docs" / "tus.md").read_text()
    example = page.partition("```sh\n")[2].partition("```")[0]
    origin = gateway.url.removesuffix("/transfers/tus/")
    environment = {**os.environ, "TOKEN": gateway.speaker.token, "ORIGIN": origin}
    run = subprocess.run(
        ("sh", "-ec", f'{example}\necho "$URL"'), cwd=file.parent, env=environment, capture_output=True, check=True
    )
    lines = run.stdout.decode().splitlines()
    assert f"Upload-Offset: {len(CONTENT)}" in [line.strip() for line in lines]
    upload = work_off(upload_at(lines[-1]))
    assert (upload.name, content_in_store(upload)) == ("drawing.step", CONTENT)


@pytest.fixture
def elsewhere(clients: Path, tmp_path: Path) -> Iterator[str]:
    """A page with Uppy in it, on an origin that is not ours."""
    folder = tmp_path / "page"
    folder.mkdir()
    bundle = ("npx", "--no-install", "esbuild", "uppy_page.mjs", "--bundle", "--format=iife", "--log-level=error")
    subprocess.run((*bundle, f"--outfile={folder / 'page.js'}"), cwd=clients, check=True, timeout=60)
    (folder / "index.html").write_text("<!doctype html><input type=file><script src=page.js></script>")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


@pytest.mark.browser
def test_uppy_sends_a_file_from_another_origin(gateway: Gateway, elsewhere: str, browser: Browser, file: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.goto(elsewhere)
    page.set_input_files("input", file)
    told = page.evaluate(
        "([endpoint, token]) => window.send(document.querySelector('input').files[0], endpoint, token)",
        [gateway.url, gateway.speaker.token],
    )
    context.close()
    assert (told["failed"], told["said"]) == ([], ["POST", "PATCH", "PATCH", "PATCH"])
    upload = work_off(upload_at(told["urls"][0]))
    assert (upload.state, upload.name, upload.path) == (UploadState.STORED, "drawing.step", "")
    assert content_in_store(upload) == CONTENT
