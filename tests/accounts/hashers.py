"""A password hasher that counts how often it worked."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.hashers import MD5PasswordHasher


class CountingHasher(MD5PasswordHasher):
    algorithm = "counting"
    runs: ClassVar[list[str]] = []

    def encode(self, password: str, salt: str) -> str:
        self.runs.append(password)
        return super().encode(password, salt)
