"""The captcha's text, and how it sounds when it is read out.

Each character has a word (Alfa for A) recorded by two voices in ``orgs/spoken``; ``make.sh`` there makes the recordings. So
there is sound wherever the gateway runs, without a program to be installed.
"""

from __future__ import annotations

import random
import secrets
import wave
from functools import cache
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.utils.crypto import salted_hmac

# Nothing that looks like something else once it is turned and struck through.
ALPHABET = "ACDEFHJKLMNPRTUVWXY34679"

RECORDINGS = Path(__file__).parent / "spoken"
VOICES = ("rms", "slt")
RATE = 11025
SILENCE = 128
HISS = 9


def challenge() -> tuple[str, str]:
    """What the image shows, and the answer to it."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(settings.CAPTCHA_LENGTH))
    return text, text.lower()


def spoken(text: str, *, key: str) -> bytes:
    """``text`` read out, as a WAV file: the voices take turns by chance, at changing pace and loudness, over noise.

    The chance comes from ``key`` and the server's secret. One challenge always sounds the same, so that a browser may fetch
    it in pieces, and the same text in another challenge sounds different.
    """
    chance = random.Random(salted_hmac("orgs.captcha", key).digest())  # noqa: S311 - seeded by a secret
    sound = bytearray(_pause(chance))
    for character in text.upper():
        sound += _varied(_recording(chance.choice(VOICES), character), chance)
        sound += _pause(chance)
    hiss = chance.randbytes(len(sound))
    return _wav(bytes(sample + (grain * HISS >> 8) - HISS // 2 for sample, grain in zip(sound, hiss, strict=True)))


def _varied(recording: bytes, chance: random.Random) -> bytes:
    """At 92 to 112 per cent of its pace, and 75 to 105 per cent of its loudness."""
    pace, loudness = chance.uniform(0.92, 1.12), chance.uniform(0.75, 1.05)
    positions = range(int(len(recording) / pace))
    return bytes(SILENCE + int((recording[int(at * pace)] - SILENCE) * loudness) for at in positions)


def _pause(chance: random.Random) -> bytes:
    return bytes([SILENCE]) * int(RATE * chance.uniform(0.45, 0.75))


@cache
def _recording(voice: str, character: str) -> bytes:
    with wave.open(str(RECORDINGS / voice / f"{character}.wav")) as file:
        return bytes(file.readframes(file.getnframes()))


def _wav(samples: bytes) -> bytes:
    target = BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(RATE)
        file.writeframes(samples)
    return target.getvalue()
