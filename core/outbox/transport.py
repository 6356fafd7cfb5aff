"""The way to the mail server: one connection a thread, kept while there is mail to send."""

from __future__ import annotations

import re
import smtplib
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend

# A connection is not kept longer than this without a message, nor for more messages than servers usually take over one.
IDLE_SECONDS = 30.0
MESSAGES_A_CONNECTION = 100
OK, PERMANENT = 250, 500

# RFC 3463: no such mailbox, no such domain, bad address, moved away, takes no mail (RFC 7505), switched off.
_NO_SUCH_MAILBOX = re.compile(r"\b5\.(?:1\.(?:1|2|3|6|10)|2\.1)\b")


class NotSent(Exception):
    """The message did not leave, as far as is known.

    ``permanent``: the server refused this message or address for good. ``no_such_mailbox``: and said that the address takes
    no mail. ``doubtful``: the server fell silent after it had been given the words, so it may have taken them.
    """

    def __init__(self, reason: str, *, permanent: bool = False, doubtful: bool = False) -> None:
        self.reason = reason
        self.permanent = permanent
        self.doubtful = doubtful
        super().__init__(reason)

    @property
    def no_such_mailbox(self) -> bool:
        return self.permanent and says_no_such_mailbox(self.reason)


def says_no_such_mailbox(answer: str) -> bool:
    """Whether an enhanced status code (RFC 3463) in ``answer`` says that the address takes no mail."""
    return bool(_NO_SUCH_MAILBOX.search(answer))


def hand_over(message: EmailMultiAlternatives, *, before_words: Callable[[], None]) -> str:
    """Give the message to the mail server; returns the provider's own id for it, empty over SMTP.

    ``before_words`` is called as late as the way allows before the words leave: over SMTP once the server has accepted sender
    and recipient. What it raises goes through, and nothing was sent then. Raises ``NotSent``.
    """
    backend = get_connection()
    if not isinstance(backend, SmtpBackend):
        return _by_backend(backend, message, before_words)
    try:
        _by_smtp(_line.take(backend), message, before_words)
    except NotSent:
        # Where the server fell silent, the next message finds out before it uses the connection.
        raise
    except BaseException:
        _line.drop()
        raise
    _line.keep()
    return ""


class _Line(threading.local):
    """This thread's SMTP connection."""

    def __init__(self) -> None:
        self._connection: SmtpBackend | None = None
        self._used_at = 0.0
        self._messages = 0

    def take(self, fresh: SmtpBackend) -> smtplib.SMTP:
        """The kept connection if it still answers and is the way to go, else ``fresh``, opened. Raises ``NotSent``."""
        if self._connection is None or not self._is_good(self._connection, fresh):
            self.drop()
            self._connection = self._opened(fresh)
        return _wire(self._connection)

    def keep(self) -> None:
        self._used_at = time.monotonic()
        self._messages += 1

    def drop(self) -> None:
        if self._connection is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._connection.close()
        self._connection = None

    def _opened(self, fresh: SmtpBackend) -> SmtpBackend:
        try:
            fresh.open()
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(_words(error)) from error
        self._used_at, self._messages = time.monotonic(), 0
        return fresh

    def _is_good(self, kept: SmtpBackend, fresh: SmtpBackend) -> bool:
        idle = time.monotonic() - self._used_at
        if (kept.host, kept.port) != (fresh.host, fresh.port) or idle > IDLE_SECONDS:
            return False
        if self._messages >= MESSAGES_A_CONNECTION:
            return False
        try:
            return _wire(kept).noop()[0] == OK
        except (OSError, smtplib.SMTPException):
            return False


_line = _Line()


def _wire(connection: SmtpBackend) -> smtplib.SMTP:
    return cast("smtplib.SMTP", connection.connection)


def _by_smtp(smtp: smtplib.SMTP, message: EmailMultiAlternatives, before_words: Callable[[], None]) -> None:
    words = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg] # Django's own
    try:
        smtp.ehlo_or_helo_if_needed()
        # What is wrong with the sender is the operator's to mend, and every message's trouble: none of them is given up.
        _expect(smtp.mail(message.from_email, [f"size={len(words)}"] if smtp.has_extn("size") else []), "sender")
        _expect(smtp.rcpt(message.to[0]), "")
    except NotSent:
        _reset(smtp)
        raise
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(_words(error)) from error
    before_words()
    try:
        _expect(smtp.data(words), "")
    except smtplib.SMTPDataError as refusal:
        _reset(smtp)
        raise _refusal(refusal.smtp_code, refusal.smtp_error) from refusal
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(_words(error), doubtful=True) from error


def _expect(answer: tuple[int, bytes], what: str) -> None:
    code, text = answer
    if code // 100 != 2:
        raise _refusal(code, text, of_us=what == "sender")


def _refusal(code: int, text: bytes | str, *, of_us: bool = False) -> NotSent:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return NotSent(f"{code} {words}", permanent=code >= PERMANENT and not of_us)


def _reset(smtp: smtplib.SMTP) -> None:
    with suppress(OSError, smtplib.SMTPException):
        smtp.rset()


def _by_backend(connection: BaseEmailBackend, message: EmailMultiAlternatives, before_words: Callable[[], None]) -> str:
    before_words()
    try:
        connection.send_messages([message])
    except Exception as error:
        raise _of_provider(error) from error
    status = getattr(message, "anymail_status", None)
    return str(getattr(status, "message_id", None) or "")[:200]


def _of_provider(error: Exception) -> NotSent:
    """What a hosted provider's refusal means: an answer is a refusal, silence leaves it open whether the message left."""
    if type(error).__name__ == "AnymailRecipientsRefused":
        return NotSent(_words(error), permanent=True)
    answered = getattr(error, "status_code", None) is not None
    return NotSent(_words(error), doubtful=not answered and isinstance(error, OSError))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
