"""Events of organisations in words, how what they are about is called, and which organisation is meant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Model, Q
from django.utils.translation import gettext_lazy as _

from core.audit import words
from orgs.models import (
    Application,
    ChangeRequest,
    Invitation,
    JoinRequest,
    Membership,
    Organization,
    Registration,
    organization_id_in,
)

MOST_MEANT = 50

words.say(
    "people",
    _("Users and roles"),
    {
        "orgs.membership.create": _("Made a member"),
        "orgs.membership.appoint": _("Role given"),
        "orgs.membership.dismiss": _("Role taken"),
        "orgs.membership.suspend": _("Member suspended"),
        "orgs.membership.unsuspend": _("Suspension of the member lifted"),
        "orgs.membership.act_for": _("Chose the organisation to act for"),
        "orgs.membership.close": _("Membership ended"),
        "orgs.joinrequest.start": _("Request to join begun"),
        "orgs.joinrequest.confirm": _("Request to join: address confirmed"),
        "orgs.joinrequest.request": _("Asked to join"),
        "orgs.joinrequest.approve": _("Request to join approved"),
        "orgs.joinrequest.deny": _("Request to join denied"),
        "orgs.joinrequest.withdraw": _("Request to join withdrawn"),
        "orgs.joinrequest.expire": _("Request to join ended by time"),
    },
    order=40,
)
words.say(
    "organization",
    _("Organisation"),
    {
        "orgs.organization.activate": _("Organisation activated"),
        "orgs.organization.suspend": _("Organisation suspended"),
        "orgs.organization.reactivate": _("Organisation reactivated"),
        "orgs.organization.close": _("Organisation closed"),
        "orgs.organization.end_sessions": _("Sessions of all users ended"),
        "orgs.organization.edit": _("Organization Profile changed"),
        "orgs.organization.accept_invitation": _("Invitation accepted for the organisation"),
        "orgs.changerequest.request": _("Change asked for"),
        "orgs.changerequest.claim": _("Change claimed"),
        "orgs.changerequest.release": _("Change released"),
        "orgs.changerequest.approve": _("Change approved"),
        "orgs.changerequest.deny": _("Change denied"),
        "orgs.changerequest.withdraw": _("Change withdrawn"),
    },
    order=50,
)
words.say(
    "settings",
    _("Rules and settings"),
    {
        "orgs.second_factor_rule.set": _("Rule for second factors set"),
        "orgs.second_factor_rule.remove": _("Rule for second factors removed"),
        "orgs.holiday.add": _("Holiday added"),
        "orgs.holiday.change": _("Holiday changed"),
        "orgs.holiday.remove": _("Holiday removed"),
    },
    order=55,
)
words.say(
    "invitations",
    _("Invitations"),
    {
        "orgs.invitation.send": _("Invitation sent"),
        "orgs.invitation.open": _("Invitation opened"),
        "orgs.invitation.start": _("Registration begun from the invitation"),
        "orgs.invitation.accept": _("Invitation accepted"),
        "orgs.invitation.resend": _("Invitation sent again"),
        "orgs.invitation.extend": _("Invitation extended"),
        "orgs.invitation.expire": _("Invitation ended by time"),
        "orgs.invitation.revoke": _("Invitation revoked"),
        "orgs.invitation.bounce": _("Invitation came back"),
        "orgs.invitation.ask": _("Asked for another invitation"),
        "orgs.invitation.pass_on": _("Invitation passed on"),
        "orgs.invitation.remind": _("Reminded of the invitation"),
        "orgs.invitation.export": _("Invitations exported"),
        "orgs.invitationbatch.send": _("Many companies invited"),
    },
    order=60,
)
words.say(
    "registrations",
    _("Registrations"),
    {
        "orgs.registration.start": _("Registration begun"),
        "orgs.registration.save": _("Registration saved"),
        "orgs.registration.remind": _("Reminded of the registration"),
        "orgs.registration.mail_link": _("Link to the registration mailed"),
        "orgs.registration.mail_start": _("Link to register mailed"),
        "orgs.registration.confirm_address": _("Address of the registration confirmed"),
        "orgs.registration.doubt_address": _("Address of the registration to be confirmed again"),
        "orgs.registration.submit": _("Registration submitted"),
        "orgs.registration.claim": _("Registration claimed"),
        "orgs.registration.release": _("Registration released"),
        "orgs.registration.note": _("Note on the registration"),
        "orgs.registration.correct": _("Details of the registration corrected"),
        "orgs.registration.request_information": _("More information requested"),
        "orgs.registration.answer": _("Question answered"),
        "orgs.registration.approve_first": _("Registration approved by the first of two"),
        "orgs.registration.take_back": _("First approval taken back"),
        "orgs.registration.approve": _("Registration approved"),
        "orgs.registration.merge": _("Registration added to an existing organisation"),
        "orgs.registration.deny": _("Registration denied"),
        "orgs.registration.withdraw": _("Registration withdrawn"),
        "orgs.registration.expire": _("Registration ended by time"),
    },
    order=70,
)


def _called(model: type[Model], *related: str, by: Callable[[Any], str] = str) -> words.Namer:
    """Names of one model's rows, with one query for all of them."""

    def names(keys: Collection[str]) -> Mapping[str, str]:
        rows = model._default_manager.select_related(*related).filter(pk__in=keys)
        return {str(row.pk): by(row) for row in rows}

    return names


def _memberships_meant(word: str) -> Collection[UUID]:
    """The memberships of whoever has this User ID or address."""
    members = Membership.objects.filter(Q(user__user_id__iexact=word) | Q(user__email__iexact=word))
    return list(members.values_list("pk", flat=True)[:MOST_MEANT])


def _organizations_meant(word: str) -> Collection[UUID]:
    """The one with this Organization ID or key, else all of this name."""
    of_id = Organization.objects.filter(organization_id=organization_id_in(word))
    return list((of_id or Organization.objects.filter(legal_name__iexact=word)[:2]).values_list("pk", flat=True))


words.name("orgs.Organization", _called(Organization))
words.name("orgs.Membership", _called(Membership, "user", by=lambda member: str(member.user)))
words.name("orgs.Invitation", _called(Invitation))
words.name("orgs.Registration", _called(Registration))
words.name("orgs.JoinRequest", _called(JoinRequest))
words.name("orgs.ChangeRequest", _called(ChangeRequest, "organization"))
words.name("orgs.Application", _called(Application))
words.find(_memberships_meant)
words.find_chain(_organizations_meant)
