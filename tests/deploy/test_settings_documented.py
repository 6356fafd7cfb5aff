"""Every setting stands in docs/operations.md, and what stands there is a setting."""

from __future__ import annotations

import re

from tests.deploy.tables import OPERATIONS, REPOSITORY, column, names

SETTINGS = "".join(path.read_text() for path in sorted((REPOSITORY / "mag_portal" / "settings").glob("*.py")))
READ = re.compile(r"(?:env\.\w+|required)\(\s*\"([A-Z0-9_]+)\"")


def settings_read() -> set[str]:
    return set(READ.findall(SETTINGS))


def required_settings() -> set[str]:
    return set(re.findall(r"required\(\s*\"([A-Z0-9_]+)\"", SETTINGS))


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    assert names(column("## Settings", "variable")) == settings_read()


def test_the_required_ones_are_marked() -> None:
    variables, defaults = column("## Settings", "variable"), column("## Settings", "default")
    marked = {name.strip("`") for name, default in zip(variables, defaults, strict=True) if default == "**required**"}
    assert marked == required_settings()


def test_settings_are_read_from_the_environment_in_one_place_only() -> None:
    packages = ("mag_portal", "core", "accounts", "orgs", "transfers", "sft")
    for package in packages:
        for path in (REPOSITORY / package).rglob("*.py"):
            place = str(path.relative_to(REPOSITORY))
            if place.startswith(("mag_portal/settings/", "mag_portal/local/")):
                continue
            assert not re.search(r"os\.(environ\b(?!\.setdefault)|getenv)", path.read_text()), place


def test_every_variable_of_make_is_documented() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    in_makefile = set(re.findall(r"^([A-Z]+) \?=", makefile, re.MULTILINE))
    assert in_makefile | {"PORT", "DATA_DIR"} == names(column("## On one machine", "variable of `make`"))
    assert "DATA_DIR" in OPERATIONS
