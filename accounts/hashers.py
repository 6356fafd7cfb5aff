"""How passwords are hashed."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes and one lane: OWASP's recommended minimum (Password Storage Cheat Sheet, 2025)."""

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1
