"""The demonstration companies: people and organisations to look around with, made by the services themselves.

Everybody gets in the way real people do: registration, the operator's approval, One-Time Password, First-Time Login. One
password, generated for this installation, is everybody's own, so that one can sign in as each of them. Who may use Secure
File Transfer has an access token, too, so that any program can be pointed at it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import queries
from accounts.models import NoticeKind, Scope, User
from accounts.proofs import Proof
from accounts.services import access_tokens, first_login, notices, one_time_passwords, people, sign_in
from core import tokens
from core.actor import Actor
from core.models import Token
from orgs.models import Application, Invitation, Membership, Organization, Role
from orgs.services import actors, approval, invitations, second_factor_rules, users
from orgs.services.registrations import administrators, drafts, submission
from orgs.services.registrations.administrators import Person
from sft.models import AccessGrant, AccessGrantState
from sft.services import access

VISITOR = Actor.anonymous()
SEEDER = Actor.system("demonstration data")
PROGRAM = "Demonstration"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody to sign in as. ``token`` has every scope, and is empty for who may not use Secure File Transfer."""

    role: str
    organization: str
    user_id: str
    email: str
    password: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Demonstration:
    accounts: tuple[Account, ...]
    invitation_url: str

    def as_json(self) -> dict[str, object]:
        return {"accounts": [asdict(account) for account in self.accounts], "invitation_url": self.invitation_url}


@dataclass(frozen=True, slots=True)
class Company:
    """What its registration says; ``oa`` and ``aa`` are the administrators it names."""

    legal_name: str
    country: str
    address_line_1: str
    city: str
    region: str
    postal_code: str
    phone: str
    domain: str
    uei: str
    cage: str
    duns: str
    tax_id: str
    oa: Person
    aa: Person | None = None


AURORA = Company(
    legal_name="Aurora Aerospace, Inc.",
    country="US",
    address_line_1="1200 Skyline Drive",
    city="Wichita",
    region="Kansas",
    postal_code="67202",
    phone="+13162650123",
    domain="aurora.example",
    uei="AUR7KSW1C4T5",
    cage="7AUR5",
    duns="790010017",
    tax_id="911144442",
    oa=Person("Olivia", "Adams", "olivia.adams@aurora.example", "+13162650124"),
    aa=Person("Aaron", "Avery", "aaron.avery@aurora.example", "+13162650125"),
)
HARBOR = Company(
    legal_name="Harbor Metals GmbH",
    country="DE",
    address_line_1="Am Sandtorkai 50",
    city="Hamburg",
    region="",
    postal_code="20457",
    phone="+494036660123",
    domain="harbor-metals.example",
    uei="HRB7MTL2DE44",
    cage="D7HM4",
    duns="790010025",
    tax_id="DE136695976",
    oa=Person("Hanna", "Oberg", "hanna.oberg@harbor-metals.example", "+494036660124"),
)


@transaction.atomic
def seed() -> Demonstration:
    """The operator with two staff accounts; a subscribed organisation with OA, AA and two employees, one of them without
    access yet; an organisation that is not subscribed; and an invitation on its way to a company without an account.

    All or nothing. Needs an empty gateway and is not for production.
    """
    # One password is all there is to look around with.
    second_factor_rules.set_rule(SEEDER, required=False)
    password = _passphrase()
    staff = [_staff(password, *name) for name in (("Sam", "Sterling"), ("Tess", "Turner"))]
    clerks = [actors.of_user(user) for user in staff]
    sft = Application.objects.get(code="sft")
    aurora = _organization(clerks, AURORA, applications=[sft], password=password)
    harbor = _organization(clerks, HARBOR, applications=[], password=password)
    olivia, aaron = _member(aurora, Role.OA), _member(aurora, Role.AA)
    emma = _employee(olivia, password, sft, Person("Emma", "Engel", "emma.engel@aurora.example"), approved_by=aaron)
    noah = _employee(olivia, password, sft, Person("Noah", "Novak", "noah.novak@aurora.example"))
    members = [
        ("Organization Administrator", olivia),
        ("Application Administrator", aaron),
        ("Employee with access", emma),
        ("Employee without access", noah),
        ("Organization Administrator", _member(harbor, Role.OA)),
    ]
    invitation = _invite(olivia, sft)
    accounts = (
        *(Account("Operator staff", settings.OPERATOR_NAME, user.user_id, user.email, password) for user in staff),
        *(_account(role, membership, password) for role, membership in members),
    )
    return Demonstration(with_tokens(accounts), _address(invitation))


@transaction.atomic
def with_tokens(accounts: Sequence[Account]) -> tuple[Account, ...]:
    """``accounts`` with a live access token for each that may use Secure File Transfer: the one it has, else another."""
    return tuple(replace(account, token=_token(account)) for account in accounts)


def _passphrase() -> str:
    groups = ("".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(5)) for _ in range(4))
    return "-".join(groups)


def _staff(password: str, first_name: str, last_name: str) -> User:
    email = f"{first_name}.{last_name}@operator.example".lower()
    user = people.create_staff(SEEDER, first_name=first_name, last_name=last_name, email=email)
    secret = one_time_passwords.generate()
    one_time_passwords.issue(SEEDER, user=user, secret_hash=one_time_passwords.hash_of(secret))
    return _first_login(user, secret, password)


def _organization(
    clerks: list[Actor], company: Company, *, applications: list[Application], password: str
) -> Organization:
    registration = drafts.start(VISITOR)
    drafts.welcome_done(VISITOR, registration)
    drafts.save_profile(
        VISITOR,
        registration,
        profile=_profile(registration.profile(), company),
        contact={
            "contact_first_name": company.oa.first_name,
            "contact_last_name": company.oa.last_name,
            "contact_email": company.oa.email,
            "contact_phone": company.oa.phone,
        },
        applications=applications,
    )
    oa = registration.administrators.get(is_contact=True)
    administrators.choose_organization_administrators(VISITOR, registration, chosen=[oa])
    told = {
        oa.email: administrators.set_one_time_password(VISITOR, registration, administrator=oa, typed=None),
    }
    if company.aa:
        entered, secret = administrators.enter_application_administrator(
            VISITOR, registration, person=company.aa, applications=applications, typed=None
        )
        told[entered.email] = secret
    others = list(registration.administrators.exclude(pk=oa.pk))
    chosen = dict.fromkeys(applications, others)
    administrators.choose_application_administrators(VISITOR, registration, chosen=chosen)
    submitted = submission.submit(VISITOR, registration)
    # The second clerk is asked only where the operator wants two approvals.
    organization = next(filter(None, (approval.approve(clerk, submitted) for clerk in clerks)))
    for email, secret in told.items():
        _first_login(User.objects.get(email=email), secret, password)
    return organization


def _profile(empty: dict[str, object], company: Company) -> dict[str, object]:
    given = asdict(company)
    filled = {name: given.get(name, value) for name, value in empty.items()}
    return {**filled, "website": f"https://{company.domain}", "email_domains": [company.domain]}


def _first_login(user: User, secret: str, password: str) -> User:
    begun = first_login.begin(VISITOR, user_id=user.user_id, secret=secret)
    chosen = first_login.choose_password(VISITOR, sign_in=begun, password=password)
    terms = queries.current_notice(NoticeKind.TERMS)
    if terms is not None:
        notices.accept(people.acting(user, seen=VISITOR), user=user, notice=terms)
    return sign_in.complete(VISITOR, sign_in=replace(chosen, postponed=True))


def _member(organization: Organization, role: Role) -> Membership:
    return organization.memberships.select_related("user", "organization").get(roles__role=role)


def _employee(
    oa: Membership, password: str, application: Application, person: Person, *, approved_by: Membership | None = None
) -> Membership:
    added = users.add(
        actors.of_member(oa), first_name=person.first_name, last_name=person.last_name, email=person.email
    )
    _first_login(added.membership.user, added.one_time_password, password)
    if approved_by:
        asked = access.request(actors.of_member(added.membership), application=application)
        access.approve(actors.of_member(approved_by), grant=asked)
    return added.membership


def _invite(oa: Membership, application: Application) -> Invitation:
    return invitations.create(
        actors.of_member(oa),
        company_name="Northwind Castings Ltd",
        first_name="Nora",
        last_name="North",
        email="nora.north@northwind.example",
        message="We would like to exchange the drawings for the bracket programme with you here.",
        applications=[application],
    )


def _account(role: str, membership: Membership, password: str) -> Account:
    user = membership.user
    return Account(role, membership.organization.legal_name, user.user_id, user.email, password)


def _token(account: Account) -> str:
    with_access = AccessGrant.objects.filter(state=AccessGrantState.ACTIVE).select_related("membership__user")
    grant = with_access.filter(membership__user__user_id=account.user_id).first()
    if grant is None:
        return ""
    user = grant.membership.user
    owner = actors.of_member(grant.membership).at(ip=None, request_id="", proofs=frozenset({Proof.PASSWORD.value}))
    made_before = access_tokens.live_of(user).filter(name=PROGRAM).first()
    if made_before and account.token.endswith(made_before.hint):
        return account.token
    if made_before:
        access_tokens.revoke(owner, token=made_before)
    _, secret = access_tokens.create(
        owner, user=user, name=PROGRAM, scopes=Scope.values, lifetime=access_tokens.LONGEST
    )
    return secret


def _address(invitation: Invitation) -> str:
    token = Token.objects.get(purpose=invitations.LINK, subject_id=invitation.id)
    return settings.BASE_URL + reverse("orgs:invitation", kwargs={"token": tokens.secret_of(token)})
