# Needs make and Python >= 3.11, nothing else. `make help` lists the commands.
SHELL := /bin/sh
PYTHON ?= python3
ARGS ?=
WORKERS ?= logical
CHROMIUM ?= /usr/bin/chromium
DJANGO_PACKAGES := mag_portal core accounts orgs sft transfers
TEMPLATES := templates mag_portal/local/mailbox/pages
PY := .venv/bin/python
# Whoever kills make ends what make started.
TETHERED := exec setpriv --pdeathsig TERM
WITH_SERVICES := $(PY) -m mag_portal.local.with_services
LOCK := .venv/bin/uv pip compile --quiet pyproject.toml --extra hosted-mail --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header
export CHROMIUM

.PHONY: help run test test-fast lint format lock bench soak screenshots manage shell clean set-up-run set-up-test

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

run: set-up-run ## start the gateway (PORT, DATA_DIR); Ctrl-C stops it
	@$(TETHERED) $(PY) -m mag_portal.local

test: set-up-test ## run all tests (ARGS for pytest, WORKERS)
	@$(TETHERED) $(WITH_SERVICES) $(PY) -m pytest -n $(WORKERS) --maxprocesses 4 $(ARGS)

test-fast: set-up-test ## run the tests that need neither browser nor running stack
	@$(TETHERED) $(WITH_SERVICES) $(PY) -m pytest -n $(WORKERS) --maxprocesses 4 -m "not browser and not stack" $(ARGS)

lint: set-up-test ## check style, types, floors, templates, migrations, settings, generated pages
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	MAG_ENV=development .venv/bin/mypy $(DJANGO_PACKAGES) mag_sft tests benchmarks
	.venv/bin/lint-imports
	.venv/bin/djlint --lint --quiet $(TEMPLATES)
	$(PY) -m mag_portal.local.check_deploy
	$(WITH_SERVICES) sh -c '$(PY) manage.py makemigrations --check --dry-run && $(PY) manage.py states_doc --check'

format: set-up-test ## put the code into its one form
	.venv/bin/ruff check --fix-only --quiet .
	.venv/bin/ruff format .

lock: set-up-test ## write the lock files anew (ARGS=--upgrade for newer versions)
	$(LOCK) $(ARGS) -o requirements/runtime.txt
	$(LOCK) $(ARGS) --extra local -o requirements/local.txt
	$(LOCK) $(ARGS) --extra local --extra dev -o requirements/development.txt

bench: set-up-test ## measure what the gateway does under load (ARGS=mails for one); writes benchmarks/results
	@$(TETHERED) $(PY) -m benchmarks $(ARGS)

soak: set-up-test ## kill processes under load for long (ARGS="--kills 1000 --seed 1")
	@$(TETHERED) $(PY) -m tests.soak $(ARGS)

screenshots: set-up-test ## walk the journey and write docs/screenshots
	@$(TETHERED) $(WITH_SERVICES) $(PY) -m tests.e2e.screenshots $(ARGS)

manage: set-up-run ## run manage.py against the running gateway: make manage ARGS="showmigrations"
	@$(PY) -m mag_portal.local.manage $(ARGS)

shell: set-up-run ## a Django shell in the running gateway
	@$(PY) -m mag_portal.local.manage shell

clean: ## remove the environment and caches; the data of `make run` stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

set-up-run set-up-test:
	@command -v "$(PYTHON)" >/dev/null || { echo "Python is missing: apt-get install python3 python3-venv" >&2; exit 1; }
	@"$(PYTHON)" mag_portal/local/set_up.py $(@:set-up-%=%)
