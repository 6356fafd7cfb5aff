"""One of everything that an address can name, and one browser of everybody who can ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from captcha.models import CaptchaStore
from django.contrib import admin
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone

from accounts import session_data
from accounts.models import (
    AuthenticatorApp,
    FactorReset,
    KnownDevice,
    Notice,
    NoticeAcceptance,
    NoticeKind,
    Scope,
    Session,
    User,
    UserState,
)
from accounts.proofs import Proof
from accounts.services import access_tokens, devices, email_changes, passwords
from accounts.services.factors import authenticator_apps
from accounts.services.under_way import SignInUnderWay
from accounts.session_store import UNDER_WAY, SessionStore
from core import tokens
from core.models import AuditEvent, Mail, SuppressionReason, Token
from core.outbox import suppression
from orgs.models import Application, Membership, Organization, WizardStep
from orgs.models.review import Holiday
from orgs.services import invitations
from orgs.services.registrations import mailed_starts
from sft.models import AccessGrant, Package
from sft.services import delivery
from tests.orgs import changes, partner_files
from tests.orgs import world as orgs_world
from tests.orgs.joiner import Joiner
from tests.orgs.registrant import Registrant
from tests.orgs.submissions import submitted
from tests.portal.sweeps.routes import CONVERTER
from tests.sft import world as sft_world
from tests.sft.uploading import add_upload, some_bytes, store_for_real
from tests.signing_in import let_in_by_password
from transfers.models import Node, Scan, Upload, UploadState

VISITOR = orgs_world.VISITOR
# Whoever asks. ``half`` has proved the password and nothing else yet; ``registrant`` is within the wizard; ``user`` may use
# SFT and sends packages; ``aa`` and ``oa`` administer the same company, ``other`` is OA of another; ``staff`` the operator's.
ROLES = ("anonymous", "half", "registrant", "user", "aa", "oa", "other", "staff")


@dataclass
class World:
    """``objects`` maps the beginning of a route, up to and with a converter, to what stands for the converter there."""

    sessions: dict[str, str] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)

    def url(self, route: str) -> str:
        """An address of ``route``. Raises ``LookupError`` saying what to add where nothing stands for a converter."""
        done, rest = "", route
        filled = ""
        while found := CONVERTER.search(rest):
            done += rest[: found.end()]
            filled += rest[: found.start()] + self._standing_for(done)
            rest = rest[found.end() :]
        return filled + rest

    def _standing_for(self, beginning: str) -> str:
        for known in (beginning, beginning.replace("<path:object_id>", "<uuid:pk>")):
            if known in self.objects:
                return self.objects[known]
        if (link := _secret_in_mails(beginning)) is not None:
            self.objects[beginning] = link
            return link
        raise LookupError(
            f"Nothing in the world of the sweeps stands for the end of {beginning}: make one in {__file__}, "
            "and put its key into World.objects; a link's secret is found in the mail that holds it."
        )


def build() -> World:
    """Everything that the addresses of the gateway can name, in states in which most of them have something to show."""
    let_in_by_password()
    world, people = World(), sft_world.build()
    changes.with_profile(_as_orgs_see_it(people))
    Organization.objects.filter(pk=people.aurora.pk).update(email_domains=["aurora.example"])
    staff = orgs_world.user("Sam", staff=True)
    _sessions(world, people, staff)
    _of_organizations(world, people)
    _of_packages(world, people)
    _of_visitors(world, people)
    _of_accounts(world, people)
    _of_the_back_office(world)
    return world


def _sessions(world: World, people: sft_world.World, staff: User) -> None:
    half = orgs_world.user("Harper", state=UserState.FIRST_LOGIN)
    FactorReset.objects.create(user=half, expires_at=timezone.now() + timedelta(days=1))
    Membership.objects.create(user=half, organization=people.aurora)
    registrant = Registrant()
    draft = registrant.up_to(WizardStep.REVIEW)
    world.objects |= {"/register/<uuid:pk>": str(draft.pk)}
    person = str(registrant.contact().pk)
    for beginning in ("people", "one-time-password"):
        world.objects[f"/register/<uuid:pk>/{beginning}/<uuid:person>"] = person
    world.sessions |= {
        "half": _session({UNDER_WAY: SignInUnderWay.begin(half, Proof.PASSWORD).as_row()}),
        "registrant": registrant.client.cookies["session"].value,
        "user": signed_in(people.sender.user),
        "aa": signed_in(people.decider.user),
        "oa": signed_in(people.owner.user),
        "other": signed_in(people.stranger.user),
        "staff": signed_in(staff),
    }


def signed_in(user: User) -> str:
    """The key of a session in which everything was proved just now."""
    data = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: "accounts.backends.UserIdOrEmailBackend",
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }
    now = timezone.now()
    proofs = {Proof.PASSWORD.value: now, Proof.AUTHENTICATOR_APP.value: now}
    return _session(
        data, lambda session: session_data.open_for(session, proofs=proofs, ip="203.0.113.7", device="Tests")
    )


def _session(data: dict[str, Any], open_it: Callable[[SessionStore], None] | None = None) -> str:
    session = SessionStore()
    session.update(data)
    if open_it is not None:
        open_it(session)
    session.create()
    return str(session.session_key)


def _of_organizations(world: World, people: sft_world.World) -> None:
    view = _as_orgs_see_it(people)
    invitation = orgs_world.invite(view)
    received = invitations.create(
        orgs_world.acting(people.recipient),
        company_name="Aurora",
        email=people.owner.user.email,
        applications=[orgs_world.sft()],
    )
    browser = Client()
    browser.force_login(people.owner.user)
    partner_files.upload(browser, "Company,E-mail\nAlloys,a@alloys.example\n")
    world.objects |= {
        "/administration/users/<uuid:pk>": str(people.newcomer.pk),
        "/administration/changes/<uuid:pk>": str(changes.change_profile(view, city="York").pk),
        "/administration/join-requests/<uuid:pk>": str(Joiner().asks(people.aurora).pk),
        "/administration/invitations/<uuid:pk>": str(invitation.pk),
        "/administration/invitations/many/<uuid:pk>": str(partner_files.kept().pk),
        "/received-invitations/<uuid:pk>": str(received.pk),
        "/invitation/<str:token>": orgs_world.secret_of(invitation),
        "/invitation/<path:token>": orgs_world.secret_of(invitation) + "%20",
    }


def _of_packages(world: World, people: sft_world.World) -> None:
    sent = sft_world.draft(people)
    file = store_for_real(people, sent, some_bytes(100))
    delivery.send(sft_world.acting(people.sender), package=sent)
    draft = sft_world.draft(people, title="Not sent yet")
    upload = add_upload(people, draft)
    _in_quarantine(add_upload(people, draft, name="suspect.exe"))
    grant = AccessGrant.objects.get(membership=people.sender)
    world.objects |= {
        "/sft/packages/<uuid:pk>": str(sent.pk),
        "/sft/packages/<uuid:package_id>": str(sent.pk),
        "/sft/packages/<uuid:package_id>/files/<uuid:pk>": str(file.pk),
        "/administration/access/<uuid:pk>": str(grant.pk),
        "/transfers/uploads/<uuid:pk>": str(upload.pk),
        "/applications/<slug:code>": orgs_world.sft().code,
        "/administration/applications/<slug:code>": orgs_world.sft().code,
    }
    assert Package.objects.count() == 2


def _in_quarantine(upload: Upload) -> None:
    Upload.objects.filter(pk=upload.pk).update(
        state=UploadState.QUARANTINED, completed_at=timezone.now(), scan=Scan.FOUND, scan_finding="Mag.Test"
    )


def _of_visitors(world: World, people: sft_world.World) -> None:
    Registrant("203.0.113.12").submitted()
    mailed_starts.mail_link(VISITOR, email="mona@newco.example")
    passwords.request_reset(VISITOR, identifier=people.newcomer.user.email)
    captcha = CaptchaStore.generate_key()
    world.objects |= {"/captcha/image/<slug:key>": captcha, "/captcha/sound/<slug:key>": captcha}


def _of_accounts(world: World, people: sft_world.World) -> None:
    actor, user = sft_world.acting(people.sender), people.sender.user
    app = authenticator_apps.begin(actor, user=user)
    AuthenticatorApp.objects.filter(pk=app.pk).update(confirmed=True, name="Phone")
    secret = devices.recognise(actor, user=user, secret="", label="Firefox on Linux", is_first_time=False)
    assert secret
    email_changes.ask(actor, user=user, new_email="new@aurora.example")
    NoticeAcceptance.objects.create(notice=Notice.objects.filter(kind=NoticeKind.TERMS).latest("version"), user=user)
    session = str(Session.objects.get(session_key=world.sessions["user"]).public_id)
    token, _ = access_tokens.create(actor, user=user, name="Build server", scopes=Scope.values)
    event = AuditEvent.objects.filter(organization_id=people.aurora.pk).latest("at")
    world.objects |= {
        "/account/security/<uuid:factor_id>": str(app.pk),
        "/account/sessions/<uuid:pk>": session,
        "/admin/accounts/session/<uuid:public_id>": session,
        "/account/memberships/<uuid:pk>": str(people.sender.pk),
        "/account/access-tokens/<uuid:pk>": str(token.pk),
        "/account/devices/<uuid:pk>": str(KnownDevice.objects.get(user=user).pk),
        "/administration/audit-trail/<uuid:pk>": str(event.pk),
    }


def _of_the_back_office(world: World) -> None:
    submitted("Late Ltd", named=["late@newco.example"])
    suppression.add(orgs_world.PEN, address="gone@newco.example", reason=SuppressionReason.BY_HAND)
    Holiday.objects.create(day="2027-01-01", name="New Year")
    Node.objects.create(name="node-1")
    for model in admin.site._registry:
        prefix = f"/admin/{model._meta.app_label}/{model._meta.model_name}/<uuid:pk>"
        if (row := model._default_manager.first()) is not None:
            world.objects[prefix] = str(row.pk)
    organization = Organization.objects.get(legal_name__startswith="Strangers")
    world.objects |= {
        "/admin/orgs/registration/<uuid:pk>/merge/<uuid:organization_pk>": str(organization.pk),
        "/admin/r/<path:content_type_id>": str(ContentType.objects.get_for_model(Application).pk),
        "/admin/r/<path:content_type_id>/<path:object_id>": str(Application.objects.first().pk),  # type: ignore[union-attr]
        "/admin/<app_label>": "orgs",
        "/admin/accounts/notice/publish/<str:kind>": NoticeKind.TERMS,
        "/admin/orgs/secondfactorrule/application/<slug:code>": orgs_world.sft().code,
        "/admin/<anything>": "nowhere/",
    }


def _secret_in_mails(beginning: str) -> str | None:
    wanted = beginning.replace("<str:token>", "{token}")
    for mail in Mail.objects.exclude(links={}):
        for link in mail.links.values():
            if "token" in link and link["path"].startswith(wanted):
                return tokens.secret_of(Token.objects.get(pk=link["token"]))
    return None


def _as_orgs_see_it(people: sft_world.World) -> orgs_world.World:
    return orgs_world.World(
        aurora=people.aurora,
        elsewhere=people.strangers,
        inviter=people.owner,
        approver=people.decider,
        employee=people.sender,
        stranger=people.stranger,
        staff=User.objects.filter(is_staff=True).first() or orgs_world.user("Sim", staff=True),
    )
