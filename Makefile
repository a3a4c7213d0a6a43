# `make` lists what there is to do. Everything installs into .venv and keeps its data in .agora.

PYTHON ?= python3
DEBUG ?= 1
CHROMIUM ?= $(firstword $(wildcard /usr/bin/chromium /usr/bin/google-chrome /usr/bin/chromium-browser))
export PYTHON DEBUG CHROMIUM

PY := .venv/bin/python
VENV := .venv/.installed
LOCKS := requirements-uv.txt requirements.txt requirements-dev.txt
HERE := $(if $(wildcard .env),,$(VENV))
MANAGE := $(if $(wildcard .env),docker compose run --rm release python manage.py,$(PY) manage.py with_services)
COMPILE := $(PY) -m uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header

.DEFAULT_GOAL := help
.PHONY: help run demo-reset shell migrations test e2e crash bench bench-auth soak lint types format schema fuzz messages lock clean env backup restore-drill

help: ## List the targets
	@echo "Agora: a shop, a journal and a conversation on one sign-in."
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Choose the port with PORT=9000, the interpreter with PYTHON=python3.12, a command's own options with ARGS='...'."

run: $(VENV) ## Run everything on this machine, with the demo, until Ctrl-C
	@exec $(PY) manage.py up $(ARGS)

demo-reset: $(VENV) ## Empty the database and load the demo again
	@$(PY) manage.py with_services load_demo --reset

shell: $(VENV) ## Open a Python shell with the models at hand
	@$(PY) manage.py with_services shell

migrations: $(VENV) ## Write the migrations that the models ask for
	@$(PY) manage.py with_services makemigrations $(ARGS)

test: $(VENV) ## Run the tests, except those in the browser and the slow failure tests
	$(PY) -m pytest -n 2 --ignore=tests/e2e -m "not crash" $(ARGS)

e2e: $(VENV) ## Try the journeys in Chromium
	@test -n "$(CHROMIUM)" || { echo "Chromium is missing. On Debian and Ubuntu: apt install chromium" >&2; exit 1; }
	$(PY) -m pytest tests/e2e $(ARGS)

crash: $(VENV) ## Kill processes and see that nothing is lost (slow)
	$(PY) -m pytest -m crash $(ARGS)

bench: $(VENV) ## Hold the pages against bare Django views, with 10,000 products and 5,000 posts
	@$(PY) -m benchmarks.pages $(ARGS)

bench-auth: $(VENV) ## See what knowing who calls costs: API key, token and session beside a stranger
	@$(PY) -m benchmarks.auth $(ARGS)

soak: $(VENV) ## Ask for sixty thousand pages and see that no worker grows
	@$(PY) -m benchmarks.soak $(ARGS)

lint: $(VENV) ## Check style, imports between apps, types, file sizes, migrations and production settings
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	.venv/bin/lint-imports --no-logo
	$(PY) -m mypy .
	.ci/check-tree
	$(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(PY) -W ignore::RuntimeWarning .ci/check-migrations
	$(PY) manage.py extract_messages --check
	.ci/check-deploy

types: $(VENV) ## Check the types alone
	$(PY) -m mypy .

format: $(VENV) ## Bring the code into shape
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

schema: $(VENV) ## Write docs/openapi.yaml and docs/openapi-app.yaml; then review the difference
	$(PY) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml
	$(PY) manage.py describe_app

fuzz: $(VENV) ## Throw more at the API than the tests do; TRIES=1000 for each address and person
	FUZZ=$(or $(TRIES),100) $(PY) -m pytest -n 2 tests/contract/test_api_fuzz.py $(ARGS)

messages: $(VENV) ## Collect the texts for translators in locale/django.pot; then review the difference
	@$(PY) manage.py extract_messages

lock: $(VENV) ## Recompile the requirements; ARGS=--upgrade takes newer versions
	$(COMPILE) requirements-uv.in -o requirements-uv.txt $(ARGS)
	$(COMPILE) requirements.in -o requirements.txt $(ARGS)
	$(COMPILE) requirements-dev.in -o requirements-dev.txt $(ARGS)

backup: $(HERE) ## Back the database and the media up, of the containers if there is a .env
	@$(MANAGE) backup $(ARGS)

restore-drill: $(HERE) ## See whether the newest backup can be restored
	@$(MANAGE) restore_drill $(ARGS)

env: ## Write a production .env with fresh keys: make env DOMAIN=shop.example
	@$(PYTHON) deploy/env.py

clean: ## Remove .venv, caches and the tests' data; the demo's data stays
	rm -rf .venv .agora/test* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis staticfiles test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Created again only when a lock file has changed.
$(VENV): $(LOCKS)
	@command -v "$(PYTHON)" >/dev/null || { echo "There is no $(PYTHON) here. Agora needs Python 3.11 or newer." >&2; exit 1; }
	@"$(PYTHON)" deploy/install.py .venv $(LOCKS)
	@touch $@
