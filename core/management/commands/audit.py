from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.audit import manifests, signing, verify
from core.errors import Invalid


class Command(BaseCommand):
    help = (
        "audit verify: check the hash chains of the audit trail. audit verify manifest.json (or the archive of an export): "
        "and whether they still begin with what was exported. audit key: the public key that checks exports."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["verify", "key"])
        parser.add_argument("manifest", nargs="?", type=Path)
        parser.add_argument("--key", default="", help="an earlier public key, where the manifest was signed with that")

    def handle(self, *args: Any, action: str, manifest: Path | None, key: str, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        if action == "key":
            self.stdout.write(signing.public_key())
            return
        faults = self._verify()
        if manifest is not None:
            faults += self._compare(manifest, key)
        if faults:
            raise CommandError(f"{faults} fault(s).")

    def _verify(self) -> int:
        result = verify()
        for fault in result.faults:
            self.stderr.write(fault)
        verdict = "all seals hold." if not result.faults else f"{len(result.faults)} fault(s)."
        self.stdout.write(f"{result.events} event(s) in {result.chains} chain(s): {verdict}")
        return len(result.faults)

    def _compare(self, path: Path, key: str) -> int:
        try:
            with path.open("rb") as file:
                comparison = manifests.compare(manifests.read(file), key=key)
        except OSError as error:
            raise CommandError(f"{path} cannot be read.") from error
        except Invalid as refusal:
            raise CommandError(refusal.sentence) from refusal
        for fault in comparison.faults:
            self.stderr.write(fault)
        for finding in comparison.findings:
            self.stdout.write(finding)
        return len(comparison.faults)
