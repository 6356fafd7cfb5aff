"""The topics of the help pages: what each is called, where it stands, and finding one by the words somebody has for it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy as _

# Words that are in most questions and tell none apart; shorter ones than three letters are left out too.
_EMPTY = frozenset({
    "and", "are", "can", "cannot", "does", "dont", "for", "from", "get", "got", "have", "how", "mag", "not", "please",
    "should", "that", "the", "this", "was", "what", "when", "where", "which", "who", "why", "will", "with", "you", "your",
})  # fmt: skip
_WORD = re.compile(r"\w+")
IN_TITLE, IN_WORDS, IN_TEXT = 6, 4, 1


class Page(Enum):
    """A help page, by the name of its URL."""

    LOGIN = "accounts:help-login"
    REGISTRATION = "accounts:help-registration"


@dataclass(frozen=True, slots=True)
class Topic:
    """``slug`` is its anchor; ``words`` are what people call it and its text does not say."""

    page: Page
    slug: str
    title: str | Promise
    summary: str | Promise
    words: str = ""

    @property
    def template(self) -> str:
        return f"accounts/help/topics/{self.slug.replace('-', '_')}.html"

    @property
    def url(self) -> str:
        return f"{reverse(self.page.value)}#{self.slug}"


def on(page: Page) -> list[Topic]:
    """The topics of one page, in its order."""
    return [topic for topic in TOPICS if topic.page is page]


def search(query: str, *, render: Callable[[str], str]) -> list[Topic]:
    """Topics that have to do with ``query``, best first. A word counts by where it stands, and less the more topics have it.

    ``render`` makes the page's text out of a topic's template.
    """
    wanted = {word for word in _words(query) if len(word) > 2 and word not in _EMPTY}
    hits = {topic: _hits(topic, wanted, render) for topic in TOPICS} if wanted else {}
    spread = Counter(word for found in hits.values() for word in found)
    rank = {topic: sum(weight / spread[word] for word, weight in found.items()) for topic, found in hits.items()}
    return sorted((topic for topic in rank if rank[topic]), key=lambda topic: rank[topic], reverse=True)


def _hits(topic: Topic, wanted: set[str], render: Callable[[str], str]) -> dict[str, int]:
    """Which of the words the topic has, and what the best place of each is worth."""
    places = {
        IN_TEXT: _words(strip_tags(render(topic.template))),
        IN_WORDS: _words(f"{topic.words} {topic.summary}"),
        IN_TITLE: _words(str(topic.title)),
    }
    return {word: weight for weight, words in places.items() for word in wanted if _has(words, word)}


def _has(words: list[str], wanted: str) -> bool:
    """Whether one of ``words`` begins like ``wanted``; a plural finds its singular."""
    stem = wanted.removesuffix("s") if len(wanted) > 3 else wanted
    return any(word.startswith(stem) for word in words)


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "").replace("'", ""))
    return _WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))


TOPICS = (
    Topic(
        Page.LOGIN, "first-time-login", _("I sign in for the first time"),
        _("What you need, and what the page asks of you"), "start begin new user activate account initial",
    ),
    Topic(
        Page.LOGIN, "one-time-password", _("I have no One-Time Password, or it no longer works"),
        _("Who gives you one, and how long it lasts"), "otp lost expired initial temporary code",
    ),
    Topic(
        Page.LOGIN, "own-password", _("My new password is refused"),
        _("The one rule, and what is refused besides"), "strong weak policy characters length rejected",
    ),
    Topic(
        Page.LOGIN, "user-id", _("I forgot my User ID"),
        _("Sign in by your e-mail address, or have it sent to you"), "username login name account",
    ),
    Topic(
        Page.LOGIN, "password", _("I forgot my password"),
        _("A link by mail, which works once"), "reset change lost remember new",
    ),
    Topic(
        Page.LOGIN, "refused", _("My sign-in details are refused"),
        _("The page says the same whatever is wrong; this is likely"), "wrong incorrect invalid match suspended error",
    ),
    Topic(
        Page.LOGIN, "too-many-tries", _("It says “Too many tries”, or I am locked out"),
        _("How long it takes, and who can unlock you"), "lock locked lockout blocked unlock wait attempts disabled",
    ),
    Topic(
        Page.LOGIN, "second-factor", _("My code or my passkey is not accepted"),
        _("The clock of your telephone, and codes that were used"),
        "mfa 2fa two-factor multi-factor authenticator totp app google microsoft fingerprint security key yubikey",
    ),
    Topic(
        Page.LOGIN, "lost-factor", _("I lost my telephone or my security key"),
        _("Recovery codes, and what happens without them"),
        "mfa 2fa two-factor authenticator phone mobile new stolen broken recovery backup reset device",
    ),
    Topic(
        Page.LOGIN, "link-ended", _("A link no longer works"),
        _("How long links last, and where to ask for another"), "expired invalid gone used url mail broken",
    ),
    Topic(
        Page.LOGIN, "no-mail", _("I wait for a mail and none comes"),
        _("Spam folders, other addresses, and what is never mailed"), "email arrive receive missing spam junk",
    ),
    Topic(
        Page.LOGIN, "signed-out", _("I am signed out while I work"),
        _("How long a session lasts"), "session timeout idle logged out expired cookies",
    ),
    Topic(
        Page.LOGIN, "not-me", _("A mail tells me of something I did not do"),
        _("What to do at once"), "hacked suspicious fraud phishing security stranger unknown device compromised",
    ),
    Topic(
        Page.LOGIN, "administrator", _("I do not know my administrator"),
        _("Have their names sent to you"), "contact who oa organization admin help call support",
    ),
    Topic(
        Page.REGISTRATION, "no-mag-account", _("No MAG Account"),
        _("Your organisation is new here: register it in nine steps"), "register registration sign up create company new",
    ),
    Topic(
        Page.REGISTRATION, "not-subscribed", _("MAG Account, not Subscribed to SFT"),
        _("Your organisation has an account and SFT is being added to it"), "secure file transfer subscription application",
    ),
    Topic(
        Page.REGISTRATION, "subscribed", _("MAG Account, Subscribed to SFT"),
        _("Your organisation uses SFT and you are to use it too"), "secure file transfer access application permission",
    ),
    Topic(
        Page.REGISTRATION, "after-submit", _("What happens after Submit"),
        _("The review, its timeline, and the mails that follow"), "approval pending waiting how long status review",
    ),
    Topic(
        Page.REGISTRATION, "invitation-ended", _("The link of my invitation has ended"),
        _("Ask whoever invited you for a new one"), "expired invite partner link",
    ),
    Topic(
        Page.REGISTRATION, "captcha", _("I cannot read the Captcha code"),
        _("Another picture, a recording, or a way without"), "image picture robot audio blind accessibility",
    ),
    Topic(
        Page.REGISTRATION, "roles", _("Who should be an administrator?"),
        _("What each of the two does"), "organization application administrator role oa aa",
    ),
    Topic(
        Page.REGISTRATION, "one-time-password-rule", _("Which One Time Password may I choose?"),
        _("Its length, and who is told it"), "otp registration initial user",
    ),
    Topic(
        Page.REGISTRATION, "already-registered", _("Somebody else may have registered us already"),
        _("Ask to join"), "duplicate existing join colleague company",
    ),
)  # fmt: skip
