"""The three journeys of the source text, each person in a browser of their own, on the whole running gateway."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import packages, wizard
from tests.e2e.conftest import NewPerson
from tests.e2e.eyes import look
from tests.e2e.people import Newcomer, first_time_login, follow, give_password, sign_in_as, user_id_in
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack]

INVITED = "nora.north@northwind.example"
NORA = Newcomer("Nora", "North", INVITED)
PETER = Newcomer("Peter", "Park", "peter.park@northwind.example")


def approve(page: Page, stack: Stack, company: str, *, shots: str = "") -> None:
    """Operator staff follow their mail to the queue and approve."""
    clerk = sign_in_as(page, stack, "Operator staff")
    follow(page, stack.wait_for_mail(clerk["email"], company), "Review the registration")
    if shots:
        look(page, f"{shots}-operator-detail")
    page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog")
    if dialog.count() and dialog.is_visible():
        dialog.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved").first).to_be_visible()


def test_a_company_without_an_account_is_invited_registers_and_sends_a_file(
    stack: Stack, new_person: NewPerson, new_person_far_away: NewPerson, tmp_path: Path
) -> None:
    nora, clerk, peter, emma = new_person_far_away(), new_person(), new_person(), new_person()

    # Step 1: the invitation and its Register Now link.
    invitation = stack.wait_for_mail(INVITED, "You’re Invited to Collaborate with ")
    assert invitation["subject"] == "You’re Invited to Collaborate with Aurora Aerospace, Inc."
    follow(nora, invitation, "Register Now")
    expect(nora.get_by_text("Aurora Aerospace, Inc.").first).to_be_visible()
    look(nora, "01-invitation")

    # Steps 2 to 9: the wizard.
    wizard.pass_captcha(nora, stack, shots="02")
    wizard.complete_profile(nora, "Northwind Castings Ltd", NORA, shots="03")
    wizard.name_oneself(nora, shots="04")
    wizard.enter_one_time_password(nora, shots="05")
    wizard.create_application_administrator(nora, PETER, shots="06")
    wizard.submit(nora, shots="07")
    received = stack.wait_for_mail(INVITED, "received")
    follow(nora, received, "See how it stands")
    look(nora, "08-status")

    approve(clerk, stack, "Northwind Castings Ltd", shots="09")

    # Both administrators get a mail with their User ID, and sign in for the first time.
    approved = stack.wait_for_mail(INVITED, "approved")
    nora_id = user_id_in(approved)
    assert re.fullmatch(r"northn_\d{4}", nora_id)
    first_time_login(nora, approved, wizard.ONE_TIME_PASSWORD, user_id=nora_id, shots="10")
    welcome = stack.wait_for_mail(PETER.email, "approved")
    first_time_login(peter, welcome, wizard.ONE_TIME_PASSWORD, user_id=user_id_in(welcome))
    look(nora, "11-home")

    # Home, Open Application next to SFT, and a file to a member of the inviting organisation.
    packages.open_sft(nora)
    source = tmp_path / "Bracket programme, drawings.tar"
    sent = packages.make_file(source, 200)
    recipient = stack.account("Employee with access")
    packages.begin(nora)
    packages.choose(nora, source)
    packages.address(nora, recipient=recipient["email"], title="Drawings of the bracket programme")
    look(nora, "12-new-package")
    expect(nora.get_by_text("Verified", exact=True).first).to_be_visible(timeout=120_000)
    look(nora, "12-new-package-verified")
    nora.get_by_role("button", name="Send", exact=True).click()
    expect(nora.get_by_text("Delivered", exact=True).first).to_be_visible(timeout=60_000)
    look(nora, "13-sent-package")

    # The recipient's mail leads, by way of the sign-in, to the package.
    arrived = stack.wait_for_mail(recipient["email"], "Drawings")
    follow(emma, arrived, "Open the package")
    give_password(emma, recipient["user_id"], recipient["password"])
    expect(emma.get_by_role("heading", level=1)).to_contain_text("Drawings")
    look(emma, "14-received-package")
    fetched = packages.download(emma, source.name, tmp_path / "fetched")
    assert packages.sha256_of(fetched) == sent
    expect(emma.get_by_text(sent)).to_be_visible()


def test_an_organisation_with_an_account_is_subscribed_and_opens_the_application(
    stack: Stack, new_person: NewPerson
) -> None:
    clerk, hanna = new_person(), new_person()
    account = sign_in_as(hanna, stack, "Organization Administrator", "Harbor Metals GmbH")
    expect(hanna.get_by_role("link", name="Open Application")).to_have_count(0)
    look(hanna, "20-home-not-subscribed")
    hanna.get_by_role("button", name=re.compile("Request subscription", re.IGNORECASE)).click()

    staff = sign_in_as(clerk, stack, "Operator staff")
    follow(clerk, stack.wait_for_mail(staff["email"], "asks to be subscribed"), "Confirm or deny")
    look(clerk, "21-operator-subscription")
    clerk.get_by_label("Confirm").check()
    clerk.get_by_role("button", name="Save", exact=True).click()

    confirmed = stack.wait_for_mail(account["email"], "subscribed")
    follow(hanna, confirmed, "Go to Home")
    look(hanna, "22-home-subscribed")
    packages.open_sft(hanna)


def test_an_administrator_adds_a_user_who_requests_access_and_opens_the_application(
    stack: Stack, new_person: NewPerson
) -> None:
    olivia, iris, aaron = new_person(), new_person(), new_person()
    newcomer = Newcomer("Iris", "Ivanova", "iris.ivanova@aurora.example")

    sign_in_as(olivia, stack, "Organization Administrator", "Aurora Aerospace, Inc.")
    olivia.get_by_role("link", name="Administration").first.click()
    olivia.get_by_role("link", name="Users").first.click()
    look(olivia, "30-users")
    olivia.get_by_role("link", name="Add user").click()
    olivia.get_by_label("First name").fill(newcomer.first_name)
    olivia.get_by_label("Last name").fill(newcomer.last_name)
    olivia.get_by_label("E-mail").fill(newcomer.email)
    olivia.get_by_label("One-Time Password").fill(wizard.ONE_TIME_PASSWORD)
    look(olivia, "31-add-user")
    olivia.locator("main form button[type=submit].btn-primary").click()
    expect(olivia.get_by_text(wizard.ONE_TIME_PASSWORD).first).to_be_visible()
    look(olivia, "32-hand-over")
    olivia.reload()
    expect(olivia.get_by_text(wizard.ONE_TIME_PASSWORD)).to_have_count(0)

    activate = stack.wait_for_mail(newcomer.email, "Activate your account")
    first_time_login(iris, activate, wizard.ONE_TIME_PASSWORD, user_id=user_id_in(activate))
    expect(iris.get_by_role("link", name="Open Application")).to_have_count(0)
    look(iris, "33-home-without-access")
    iris.get_by_role("button", name="Request Access Secure File Transfer").click()
    look(iris, "34-home-waiting")

    account = sign_in_as(aaron, stack, "Application Administrator")
    follow(aaron, stack.wait_for_mail(account["email"], "Ivanova requests access"), "See pending requests")
    look(aaron, "35-pending-requests")
    aaron.get_by_role("checkbox", name=re.compile("Ivanova")).check()
    aaron.get_by_role("button", name="Approve").click()

    granted = stack.wait_for_mail(newcomer.email, "granted")
    follow(iris, granted, "Go to Home")
    packages.open_sft(iris)


def test_nobody_signs_in_before_the_operator_has_approved(stack: Stack, new_person: NewPerson) -> None:
    page = new_person()
    page.goto(f"{stack.base_url}/")
    page.get_by_role("link", name="Register your organization").click()
    contact = Newcomer("Wanda", "Weiss", "wanda.weiss@westwind.example")
    wizard.pass_captcha(page, stack)
    wizard.complete_profile(page, "Westwind Tools", contact)
    wizard.name_oneself(page)
    wizard.enter_one_time_password(page)
    wizard.heading(page, "Application Administrator(s)")
    page.get_by_label("Wanda Weiss").check()
    wizard.press(page, "Next")
    wizard.submit(page)
    page.goto(f"{stack.base_url}/")
    give_password(page, contact.email, wizard.ONE_TIME_PASSWORD)
    expect(page.get_by_role("alert").first).to_contain_text("do not match")
