"""Onboarding on the whole running gateway: without JavaScript, across browsers, back and forth, and with the operator."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import onboarding, wizard
from tests.e2e.conftest import NewPerson
from tests.e2e.eyes import look
from tests.e2e.onboarding import fill, secret_shown
from tests.e2e.people import Newcomer, first_time_login, follow, solve_captcha, user_id_in
from tests.e2e.wizard import heading, press
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack]

RENATA = Newcomer("Renata", "Rossi", "renata.rossi@rotorcraft.example")
PETRA = Newcomer("Petra", "Ortiz", "petra.ortiz@rotorcraft.example")
AKI = Newcomer("Aki", "Tanaka", "aki.tanaka@rotorcraft.example")
ROTORCRAFT = {
    "legal_name": "Rotorcraft Castings LLC",
    "address_line_1": "12 Foundry Road",
    "city": "Arlington",
    "postal_code": "222021400",
    "phone": "(703) 555-0100",
    "email_domains": "rotorcraft.example",
    "contact_first_name": RENATA.first_name,
    "contact_last_name": RENATA.last_name,
}
QUESTION = "Which of the two cities is yours?\nThe register has another one."


def test_without_javascript_from_the_invitation_to_the_first_sign_in(stack: Stack, new_person: NewPerson) -> None:
    olivia, clerk = new_person(), new_person()
    renata = new_person(java_script_enabled=False)
    invitation = onboarding.invite(olivia, stack, RENATA, "Rotorcraft")

    follow(renata, invitation, "Register Now")
    told = _walk_to_review(renata, stack)

    # Saved, and gone on with elsewhere; what two browsers submit is submitted once.
    press(renata, "Save & resume later")
    expect(renata.get_by_text("Everything is saved.")).to_be_visible()
    elsewhere = new_person()
    follow(elsewhere, stack.wait_for_mail(RENATA.email, "Continue the registration of Rotorcraft"), "Continue the")
    heading(elsewhere, "Review registration details")
    for words in ("12 Foundry Road", "Virginia", "22202-1400", PETRA.email, AKI.email):
        expect(elsewhere.get_by_text(words).first).to_be_visible()
    look(elsewhere, "40-review-in-another-browser")
    press(elsewhere, "Submit")
    onboarding.is_submitted(elsewhere)
    press(renata, "Submit")
    expect(renata.get_by_text("This registration was submitted. Here is how it stands.")).to_be_visible()
    assert (
        len([mail for mail in stack.mails(to=RENATA.email) if "have received the registration" in mail["subject"]]) == 1
    )

    # Question, correction, answer.
    onboarding.ask(clerk, stack, "Rotorcraft Castings LLC", QUESTION)
    follow(renata, stack.wait_for_mail(RENATA.email, "A question about"), "Answer")
    expect(renata.get_by_text("The register has another one.").first).to_be_visible()
    renata.get_by_role("link", name="Correct the details").click()
    expect(renata.get_by_label("City")).to_have_value("Arlington")
    renata.get_by_label("City").fill("Alexandria")
    press(renata, "Save")
    press(renata, "Send answer")
    expect(renata.get_by_role("alert").get_by_text("Write your answer.")).to_be_visible()
    renata.get_by_label("Your answer").fill("Alexandria: we have moved.")
    press(renata, "Send answer")
    expect(renata.get_by_text("Your answer is on its way.")).to_be_visible()
    onboarding.approve_answered(clerk, stack, "Rotorcraft Castings LLC", shots="42")

    # Everybody who was named signs in with what they were told.
    for person, secret in told.items():
        mail = stack.wait_for_mail(person.email, "Rotorcraft Castings LLC is approved")
        first_time_login(new_person(java_script_enabled=person != AKI), mail, secret, user_id=user_id_in(mail))


def _walk_to_review(page: Page, stack: Stack) -> dict[Newcomer, str]:
    """From the captcha to Review, with a mistake on every page; returns the One-Time Passwords by person."""
    before = page.locator("[name=captcha_0]").input_value()
    press(page, "New image")
    expect(page.locator("[name=captcha_0]")).not_to_have_value(before)
    press(page, "Continue")
    expect(page.get_by_role("alert").get_by_text("Enter the characters of the image.")).to_be_visible()
    wizard.pass_captcha(page, stack)

    onboarding.fill_in_profile(page, "US", ROTORCRAFT)
    page.get_by_label("Secure File Transfer").check()
    press(page, "Next")
    page.get_by_role("link", name="State, province or region").click()
    fill(page, region="va")
    press(page, "Next")

    heading(page, "Organization Administrator")
    press(page, "Next")
    expect(page.get_by_role("alert").first).to_be_visible()
    page.get_by_label("Renata Rossi").check()
    press(page, "Add another Organization Administrator")
    onboarding.fill_in_person(page, PETRA)
    press(page, "Next")

    expect(page.locator("[aria-current=true]")).to_have_text("Renata Rossi")
    fill(page, one_time_password="renata rossi renata")
    press(page, "Create")
    expect(page.get_by_role("alert").first).to_be_visible()
    fill(page, one_time_password=wizard.ONE_TIME_PASSWORD)
    press(page, "Create")
    expect(page.locator("[aria-current=true]")).to_have_text("Petra Ortiz")
    press(page, "Generate one for me")
    heading(page, "Application Administrator(s)")
    for_petra = secret_shown(page)
    press(page, "Next")
    expect(page.get_by_role("alert").first).to_be_visible()
    page.get_by_text("Create another Application Administrator").click()
    onboarding.fill_in_person(page, AKI)
    press(page, "Create with a generated One Time Password")
    for_aki = secret_shown(page)
    expect(page.get_by_label("Aki Tanaka")).to_be_checked()
    press(page, "Next")
    heading(page, "Review registration details")
    return {RENATA: wizard.ONE_TIME_PASSWORD, PETRA: for_petra, AKI: for_aki}


def test_back_second_tabs_and_a_session_that_ends_lose_nothing(stack: Stack, new_person: NewPerson) -> None:
    page = new_person()
    contact = Newcomer("Bela", "Boros", "bela.boros@backlight.example")
    page.goto(f"{stack.base_url}/register/")
    wizard.pass_captcha(page, stack)
    wizard.complete_profile(page, "Backlight Optics", contact)
    wizard.name_oneself(page)
    wizard.enter_one_time_password(page)
    heading(page, "Application Administrator(s)")

    # Back through every step that was completed, and forward again.
    for title in ("One Time Password", "Organization Administrator", "Organization Profile", "Welcome"):
        page.go_back()
        heading(page, title)
    press(page, "Continue")
    expect(page.locator("[name=legal_name]")).to_have_value("Backlight Optics")
    press(page, "Next")
    expect(page.get_by_label("Bela Boros")).to_be_checked()
    press(page, "Next")
    page.get_by_role("link", name="Next", exact=True).click()
    heading(page, "Application Administrator(s)")

    # A second tab is at another step of the same draft, and goes on after the first has.
    tab = page.context.new_page()
    tab.goto(page.url.replace("application-administrators", "profile"))
    page.get_by_label("Bela Boros").check()
    press(page, "Next")
    heading(page, "Review registration details")
    fill(tab, city="Leeds")
    press(tab, "Next")
    heading(tab, "Organization Administrator")
    page.reload()
    expect(page.get_by_text("Leeds").first).to_be_visible()

    # The session ends while somebody types.
    page.get_by_role("link", name="Edit").first.click()
    fill(page, city="York", address_line_2="Unit 7")
    page.context.clear_cookies(name="session")
    page.reload()
    heading(page, "not open in this browser")
    tab.goto(f"{stack.base_url}/register/resume/")
    fill(tab, email=contact.email)
    press(tab, "Mail me my link")
    follow(tab, stack.wait_for_mail(contact.email, "Continue the registration of Backlight"), "Continue the")
    heading(tab, "Review registration details")
    tab.get_by_role("link", name="Edit").first.click()
    expect(tab.locator("[name=city]")).to_have_value("Leeds")
    fill(tab, city="York")
    tab.context.clear_cookies(name="session")
    press(tab, "Next")
    heading(tab, "not open in this browser")
    expect(tab.get_by_text("What you entered is kept")).to_be_visible()


def test_without_a_puzzle_by_mail(stack: Stack, new_person: NewPerson) -> None:
    page, elsewhere = new_person(), new_person()
    page.goto(f"{stack.base_url}/register/")
    solve_captcha(page, stack)
    page.get_by_role("link", name="Continue by e-mail instead").click()
    fill(page, email="mona.moss@bymail.example")
    press(page, "Mail me a link")
    heading(page, "Look into your mailbox")
    mail = stack.wait_for_mail("mona.moss@bymail.example", "Your link to register")
    follow(elsewhere, mail, "Begin the registration")
    press(elsewhere, "Continue")
    heading(elsewhere, "Welcome")
    press(elsewhere, "Continue")
    expect(elsewhere.locator("[name=contact_email]")).to_have_value("mona.moss@bymail.example")
    follow(page, mail, "Begin the registration")
    heading(page, "This link was used already")
    look(page, "from-mail-used")
