"""Files of companies to invite: what one may look like, and what is wrong in it by row and column."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from core.models import SuppressionReason
from core.outbox import suppression
from orgs.models import InvitationBatch
from tests.orgs import world as worlds
from tests.orgs.partner_files import GOOD, MANY, kept, upload, words_of
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


def names() -> set[str]:
    return {record["company_name"] for record in kept().records}


# --- Files that are right ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(GOOD, id="commas"),
        pytest.param(b"\xef\xbb\xbf" + GOOD.encode(), id="BOM"),
        pytest.param(GOOD.replace(",", ";"), id="semicolons"),
        pytest.param(GOOD.replace(",", "\t"), id="tabs"),
        pytest.param("sep=;\r\n" + GOOD.replace(",", ";"), id="Excel's own first line"),
        pytest.param(GOOD.replace("\n", "\r\n"), id="Windows"),
        pytest.param(GOOD.replace("\n", "\r"), id="old Mac"),
        pytest.param(GOOD.encode("utf-16"), id="UTF-16"),
        pytest.param(GOOD.encode("utf-16-le"), id="UTF-16 without BOM"),
        pytest.param(GOOD.encode("utf-16-be"), id="UTF-16 the other way"),
        pytest.param("\n\n" + GOOD + "\n,\n  ,  \n", id="empty lines"),
        pytest.param("E-MAIL*, company name ,\nkim@newco.example,Newco,\na@alloys.example,Alloys,\n", id="any order"),
        pytest.param("COMPANY,email,,\nNewco,kim@newco.example,,\nAlloys,a@alloys.example,,\n", id="commas at the end"),
    ],
)
def test_files_of_every_spreadsheet_are_read(
    world: World, browser_of: Callable[..., Client], data: str | bytes
) -> None:
    answer = upload(browser_of(world.inviter), data)

    assert answer.status_code == 302, words_of(answer)
    assert names() == {"Newco", "Alloys"}


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-8", "Žitňanský Søn 株式会社 🛩 شركة"), ("cp1252", "Müller “Söhne” €"), ("latin-1", "Müller Søn")],
)
def test_letters_of_every_encoding_arrive(
    world: World, browser_of: Callable[..., Client], encoding: str, name: str
) -> None:
    upload(browser_of(world.inviter), f"Company;E-mail\n{name};kim@newco.example\n".encode(encoding))

    assert names() == {name}


def test_quoted_cells_keep_their_line_breaks_and_delimiters(world: World, browser_of: Callable[..., Client]) -> None:
    data = 'Company,E-mail,Message\n"Smith, ""Sons""",kim@newco.example,"First line\nsecond, line"\n'

    upload(browser_of(world.inviter), data)

    [record] = kept().records
    assert record["company_name"] == 'Smith, "Sons"'
    assert record["message"].splitlines() == ["First line", "second, line"]


def test_every_column_finds_its_field_and_the_page_says_the_rest(
    world: World, browser_of: Callable[..., Client]
) -> None:
    data = (
        "Supplier number,Company,First name,Last name,E-mail,Applications,Message,Colleague,Language\n"
        "V-1,Newco,Kim,Novak,Kim@Newco.example,secure file transfer,Own words,yes,en\n"
        "V-2,Alloys,,,a@alloys.example,,,,\n"
    )

    upload(browser_of(world.inviter), data, message="For all", colleague_allowed="")

    first, second = kept().records
    assert first == {
        "row": 2, "company_name": "Newco", "first_name": "Kim", "last_name": "Novak", "email": "kim@newco.example",
        "external_reference": "V-1", "applications": [str(worlds.sft().pk)], "message": "Own words",
        "colleague_allowed": True, "language": "en",
    }  # fmt: skip
    assert (second["message"], second["colleague_allowed"]) == ("For all", False)
    assert second["applications"] == [str(worlds.sft().pk)]


def test_rows_can_be_pasted(world: World, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.inviter)

    answer = browser.post(MANY, {"pasted": GOOD.replace(",", "\t"), "applications": [str(worlds.sft().pk)]})

    assert answer.status_code == 302
    assert names() == {"Newco", "Alloys"}


def test_the_template_is_a_file_that_only_lacks_its_rows(world: World, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.inviter)
    template = browser.get(f"{MANY}template.csv")

    assert template.headers["Content-Disposition"].startswith("attachment")
    assert "There are headings only" in words_of(upload(browser, template.content))
    row = "Newco,kim@newco.example" + "," * 7
    assert upload(browser, template.content + row.encode()).status_code == 302


# --- Files that are wrong as a whole ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("", "This file is empty"),
        ("\n\n", "There is nothing in it"),
        ("Company,E-mail\n", "There are headings only"),
        ("Newco,kim@newco.example\n", "The first row has to name the columns"),
        ("Company\nNewco\n", "The column E-mail is missing"),
        ("Company,E-mail,Phone\nNewco,k@n.example,1\n", "There is no column “Phone”"),
        ("Company,E-mail,Email\nNewco,k@n.example,k@n.example\n", "The column E-mail is there twice"),
        ('Company,E-mail\n"Newco,k@n.example\n', "Row 2 cannot be read: a quotation mark"),
        (b"PK\x03\x04" + b"\0" * 100, "This is an Excel workbook"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "This is an Excel workbook"),
        (b"\x89PNG\r\n\0\0\0\x01", "This is not a text file"),
        (b"Company,E-mail\nNew\0co,k@n.example\n", "This is not a text file"),
        (b"x" * (5 * 1024**2 + 1), "This file is larger than 5 MB"),
        (
            "Company,E-mail\n" + "\n".join(f"C{n},c{n}@x.example" for n in range(10_001)),
            "There are 10,001 companies in it",
        ),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(
    world: World, browser_of: Callable[..., Client], data: str | bytes, sentence: str
) -> None:
    answer = upload(browser_of(world.inviter), data)

    assert answer.status_code == 422
    assert sentence in words_of(answer)
    assert not InvitationBatch.objects.exists()


def test_ten_thousand_are_not_too_many(world: World, browser_of: Callable[..., Client]) -> None:
    data = "Company,E-mail\n" + "\n".join(f"C{n},c{n}@x.example" for n in range(10_000))

    assert upload(browser_of(world.inviter), data).status_code == 302
    assert kept().size == 10_000


def test_neither_and_both_are_told(world: World, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.inviter)

    assert "Choose a file, or paste the rows below." in words_of(browser.post(MANY, {}))
    both = upload(browser, GOOD, pasted=GOOD)
    assert "not both" in words_of(both)


def test_more_than_can_be_pasted_is_told_to_come_as_a_file(world: World, browser_of: Callable[..., Client]) -> None:
    answer = browser_of(world.inviter).post(MANY, {"pasted": "x" * (1024**2 + 1)})

    assert answer.status_code == 413
    assert "Send a long list as a file instead." in words_of(answer)


# --- Rows that are wrong ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("row", "column", "sentence"),
    [
        (",k@n.example", "Company", "Enter the name of the company"),
        ("Newco,", "E-mail", "Enter the address"),
        ("Newco,kim", "E-mail", "This is no e-mail address"),
        ('"=HYPERLINK(""x"")",k@n.example', "Company", "A spreadsheet would compute what begins with “=”"),
        ("@SUM(A1),k@n.example", "Company", "begins with “@”"),
        ("+1,k@n.example", "Company", "begins with “+”"),
        ("Newco,=k@n.example", "E-mail", "begins with “=”"),
        ("#REF!,k@n.example", "Company", "This is an error of the spreadsheet"),
        ("Newco,k@n.example,x,y", "", "outside the named columns"),
        (f"{'x' * 201},k@n.example", "Company", "at most 200 characters"),
        ("New\u202eco,k@n.example", "Company", "characters that cannot be shown"),
        ("New\ufffdco,k@n.example", "Company", "Some letters could not be read"),
        ("Newco,ok@ok.example", "E-mail", "The same address is in row 2"),
        ("Newco,OK@OK.example", "E-mail", "The same address is in row 2"),
    ],
)
def test_a_wrong_cell_is_told_by_row_and_column(
    world: World, browser_of: Callable[..., Client], row: str, column: str, sentence: str
) -> None:
    answer = upload(browser_of(world.inviter), f"Company,E-mail\nFine,ok@ok.example\n\n{row}\n")

    assert answer.status_code == 422
    [fault] = answer.context["faults"]
    assert (fault.row, fault.column) == (4, column)
    assert sentence in fault.sentence
    assert "1 cell needs another look. Nothing was sent." in words_of(answer)
    assert not InvitationBatch.objects.exists()


@pytest.mark.parametrize(
    ("heading", "value", "sentence"),
    [
        ("Applications", "Payroll", "There is no such application. On offer: Secure File Transfer."),
        ("Colleague", "perhaps", "Write yes or no"),
        ("Language", "tlh", "Write one of: en"),
        ("Message", "=1+1", "begins with “=”"),
        ("Message", "x" * 1001, "at most 1000 characters"),
        ("Reference", "x" * 65, "at most 64 characters"),
    ],
)
def test_optional_columns_are_checked_too(
    world: World, browser_of: Callable[..., Client], heading: str, value: str, sentence: str
) -> None:
    answer = upload(browser_of(world.inviter), f"Company,E-mail,{heading}\nNewco,k@n.example,{value}\n")

    [fault] = answer.context["faults"]
    assert sentence in fault.sentence
    assert fault.column == heading


def test_without_an_application_anywhere_the_row_says_so(world: World, browser_of: Callable[..., Client]) -> None:
    answer = browser_of(world.inviter).post(MANY, {"pasted": GOOD})

    assert [fault.column for fault in answer.context["faults"]] == ["Applications", "Applications"]


def test_what_was_uploaded_can_be_corrected_in_the_page(world: World, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.inviter)

    answer = upload(browser, GOOD.replace("a@alloys.example", "alloys"), message="Hello")
    assert answer.context["form"]["pasted"].value() == GOOD.replace("a@alloys.example", "alloys")
    assert "Hello" in answer.content.decode()
    again = browser.post(MANY, {"pasted": GOOD, "applications": [str(worlds.sft().pk)]})

    assert again.status_code == 302


def test_what_stands_in_the_way_of_an_address_is_told_in_its_row(
    world: World, browser_of: Callable[..., Client]
) -> None:
    worlds.invite(world)
    suppression.add(worlds.PEN, address="back@came.example", reason=SuppressionReason.BOUNCED, note="550")
    rows = f"Newco,KIM@newco.example\nBack,back@came.example\nOwn,{world.employee.user.email}\nFine,ok@ok.example\n"

    answer = upload(browser_of(world.inviter), f"Company,E-mail\n{rows}")

    assert [(fault.row, fault.sentence[:20]) for fault in answer.context["faults"]] == [
        (2, "There is an open inv"),
        (3, "The gateway sends no"),
        (4, "This person belongs "),
    ]
