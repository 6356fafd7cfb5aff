"""Sending and fetching a package, as people do it in the browser."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from playwright.sync_api import Page, expect

MIB = 1024**2


def make_file(path: Path, mebibytes: int, *, seed: int = 1) -> str:
    """Write a file of reproducible noise and return its SHA-256 in hexadecimal."""
    noise = random.Random(seed)
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(mebibytes):
            block = noise.randbytes(MIB)
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_sft(page: Page) -> None:
    """From Home into Secure File Transfer, by the button next to it."""
    page.get_by_role("link", name="Home").first.click()
    page.get_by_role("link", name="Open Application Secure File Transfer").click()
    expect(page.get_by_role("heading", name="Received", level=1)).to_be_visible()


def begin(page: Page) -> None:
    page.get_by_role("link", name="New Package").click()


def choose(page: Page, *files: Path) -> None:
    """Choose files: they travel from this moment. The button shows that the page's script is ready for them."""
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    page.locator("[data-files-input]").set_input_files(files)


def address(page: Page, *, recipient: str, title: str) -> None:
    page.locator("[name=recipient]").fill(recipient)
    page.locator("[data-add-recipient]").click()
    expect(page.locator("[data-recipients] .chip")).to_have_count(1)
    page.locator("[name=title]").fill(title)


def download(page: Page, name: str, into: Path) -> Path:
    with page.expect_download() as started:
        page.get_by_role("link", name=f"Download {name}").click()
    target = into / name
    started.value.save_as(target)
    return target
