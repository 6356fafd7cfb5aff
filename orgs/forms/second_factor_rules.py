"""Forms of the rules for second factors."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.proofs import FactorKind
from core.forms import Described
from orgs.models import SecondFactorRule
from orgs.services.second_factor_rules import LONGEST_GRACE, NO_KIND, TOO_LONG

REQUIRED, OPTIONAL = "required", "optional"
KINDS = [
    (
        FactorKind.PASSKEY.value,
        Described(
            str(FactorKind.PASSKEY.label),
            "In the device, in a password manager or on a security key. A false page cannot get at it.",
        ),
    ),
    (
        FactorKind.AUTHENTICATOR_APP.value,
        Described(str(FactorKind.AUTHENTICATOR_APP.label), "An app that shows another code every 30 seconds."),
    ),
]


class ApplicationRuleForm(forms.Form):
    """What it takes to open an application."""

    needs = forms.ChoiceField(
        label=_("Second factor"),
        choices=[
            (REQUIRED, Described("Required", "Nobody opens it in a session that shows none.")),
            (OPTIONAL, Described("As at sign-in", "Whoever is signed in and has access opens it.")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the two.")},
    )
    kinds = forms.MultipleChoiceField(
        label=_("Kinds that count"),
        choices=KINDS,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A recovery code stands in for any of them once."),
        error_messages={"required": NO_KIND},
    )

    @classmethod
    def of(cls, data: Any, rule: SecondFactorRule | None) -> ApplicationRuleForm:
        """With ``data`` as posted, else with what ``rule`` says now."""
        return cls(data, initial=cls.said(rule) if rule else cls.said(SecondFactorRule(required=False)))

    @classmethod
    def said(cls, rule: SecondFactorRule) -> dict[str, Any]:
        return {
            "needs": REQUIRED if rule.required else OPTIONAL,
            "kinds": rule.kinds or [kind for kind, _label in KINDS],
            "passkey_alone": rule.passkey_alone,
            "grace_days": rule.grace_days,
        }

    def rule(self) -> dict[str, Any]:
        """What ``second_factor_rules.set_rule`` takes."""
        said = dict(self.cleaned_data)
        required = said.pop("needs") == REQUIRED
        return {**said, "required": required}


class RuleForm(ApplicationRuleForm):
    """What people sign in with."""

    passkey_alone = forms.BooleanField(
        label=_("A passkey may stand for password and second factor together"),
        help_text=_(
            "The device asks for a finger, a face or a PIN each time. Otherwise the password is asked for as well."
        ),
        required=False,
    )
    grace_days = forms.IntegerField(
        label=_("Days of grace"),
        help_text=_("How long people may put it off from when they are first asked. 0: not at all."),
        min_value=0,
        max_value=LONGEST_GRACE,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), TOO_LONG),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        needs = self.fields["needs"]
        needs.choices = [  # type: ignore[attr-defined] # a ChoiceField
            (REQUIRED, Described("Required", "Whoever has none sets one up at the next sign-in.")),
            (OPTIONAL, Described("Optional", "People may set one up; it is asked for from then on.")),
        ]
