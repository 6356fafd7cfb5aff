"""The wizard's doors and secrets in a real browser, with script and without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from captcha.models import CaptchaStore
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.services import one_time_passwords
from core.errors import Invalid
from orgs.models import WizardStep
from tests.e2e.eyes import look
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture(params=["with script", "without script"])
def any_page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param == "with script")
    yield context.new_page()
    context.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


def at_step(context: BrowserContext, live_server: LiveServer, step: WizardStep) -> tuple[Page, Registrant]:
    """A page at ``step`` of a draft that was walked there before."""
    registrant = Registrant("127.0.0.1")
    registrant.up_to(step)
    cookies = [
        {"name": name, "value": cookie.value, "url": live_server.url}
        for name, cookie in registrant.client.cookies.items()
    ]
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(live_server.url + registrant.url(step))
    return page, registrant


def answer(page: Page) -> None:
    key = page.locator("[name=captcha_0]").input_value()
    page.locator("[name=captcha_1]").fill(CaptchaStore.objects.get(hashkey=key).response)


# --- Captcha ------------------------------------------------------------------------------------------------------
def test_another_image_and_on(any_page: Page, live_server: LiveServer) -> None:
    any_page.goto(f"{live_server.url}/register/")
    before = any_page.locator("[name=captcha_0]").input_value()

    any_page.get_by_role("button", name="New image").click()

    expect(any_page.locator("[name=captcha_0]")).not_to_have_value(before)
    answer(any_page)
    any_page.get_by_role("button", name="Continue", exact=True).click()
    expect(any_page.get_by_role("heading", level=1)).to_contain_text("Welcome")


def test_with_script_the_page_and_the_focus_stay_and_it_is_announced(
    context: BrowserContext, live_server: LiveServer
) -> None:
    page = context.new_page()
    page.goto(f"{live_server.url}/register/")
    page.evaluate("window.stayed = true")
    page.locator("[name=captcha_1]").fill("abc")
    image = page.locator("[data-captcha-image]").get_attribute("src")

    button = page.get_by_role("button", name="New image")
    button.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").filter(has_text="Here is a new image")).to_be_visible()
    expect(button).to_be_focused()
    expect(page.locator("[name=captcha_1]")).to_have_value("")
    assert page.locator("[data-captcha-image]").get_attribute("src") != image
    assert page.evaluate("window.stayed")
    played = "async a => { a.muted = true; await a.play(); return a.duration }"
    assert 4 < page.locator("[data-captcha-sound]").evaluate(played) < 20


def test_the_doors_look_right(context: BrowserContext, live_server: LiveServer) -> None:
    page = context.new_page()
    for name in ("register", "register/by-mail"):
        page.goto(f"{live_server.url}/{name}/")
        look(page, f"door-{name.replace('/', '-')}")
    page.get_by_label("Your e-mail address").fill("kim@newco.example")
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Look into your mailbox")
    look(page, "door-by-mail-sent")
    page.goto(live_server.url + worlds.link_in(worlds.mails("registration_start")[0], "/register/"))
    look(page, "door-from-mail")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")


# --- One Time Password --------------------------------------------------------------------------------------------
def test_the_rules_are_checked_while_typing(context: BrowserContext, live_server: LiveServer) -> None:
    page, _ = at_step(context, live_server, WizardStep.ONE_TIME_PASSWORD)
    field = page.locator("[name=one_time_password]")

    field.press_sequentially("kim novak newco kim")
    expect(page.locator("[data-rule=length]")).to_have_attribute("data-met", "true")
    expect(page.locator("[data-rule=words]")).to_have_attribute("data-met", "false")
    expect(page.get_by_role("status").filter(has_text="Not yet: Not the person’s own name")).to_be_attached()
    look(page, "one-time-password-unmet")

    field.fill("harvest moon over Leeds 7")
    expect(page.get_by_role("status").filter(has_text="So far this looks good.")).to_be_attached()
    field.fill("")
    expect(page.locator("[data-rule=length]")).to_have_attribute("data-met", "")


SECRETS = [
    "short", "harvest moon over Leeds 7", "aaaaaaaaaaaaaaaaaaaa", "abcabcabcabcabcabc", "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjkl", "12345678901234567890", "kim novak kim novak", "KIM-NOVAK-newco-2026", "managed access gateway 1",
    "exostar exostar 123", "Ｋｉｍ Ｎｏｖａｋ ＫＩＭ ＮＯＶＡＫ", "株式会社東京大阪名古屋福岡札幌仙台",
    "🚀🛰🌍🌕🪐☄️🌌🔭👽🛸🌠",
    "  harvest moon over  ", "K7QM-2WXR-9HTD-VB4E", "novak lantern orchard", "aaaabbbbccccddddeeee", "Zürich Köln Genève 42",
]  # fmt: skip
KNOWN = "This is a well-known password"


def test_the_page_and_the_server_agree(context: BrowserContext, live_server: LiveServer) -> None:
    """But for well-known passwords, whose list the server keeps to itself."""
    page = context.new_page()
    page.goto(f"{live_server.url}/healthz")
    rules = "{ minimum: 15, own: 8, words: ['Kim', 'Novak', 'kim@newco.example', 'managed access gateway', 'Exostar'] }"
    source = f"async s => (await import('{live_server.url}/static/js/secret_rules.js')).check(s, {rules})"

    for secret in SECRETS:
        met, refusal = page.evaluate(source, secret), refused(secret)
        assert KNOWN in refusal or all(met.values()) is (refusal == ""), (secret, met, refusal)


def refused(secret: str) -> str:
    """The server's own sentence; nothing where it takes ``secret``."""
    try:
        one_time_passwords.check(secret, first_name="Kim", last_name="Novak", email="kim@newco.example")
    except Invalid as refusal:
        return str(refusal.fields)
    return ""


def test_paper_shows_the_sheet_alone(context: BrowserContext, live_server: LiveServer) -> None:
    page, _ = at_step(context, live_server, WizardStep.ONE_TIME_PASSWORD)
    page.get_by_role("button", name="Generate one for me").click()
    expect(page.get_by_role("button", name="Print the sheet")).to_be_visible()
    expect(page.locator(".handover-sheet")).to_be_hidden()
    look(page, "one-time-password-shown")

    page.emulate_media(media="print")

    expect(page.locator(".handover-sheet")).to_be_visible()
    for elsewhere in ("main h1", ".site-header", ".secret", "form", ".steps", "footer"):
        for part in page.locator(elsewhere).all():
            expect(part).to_be_hidden()
    page.emulate_media(media="screen")
    page.reload()
    expect(page.locator(".handover-sheet")).to_have_count(0)
