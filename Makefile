# Every target creates what it needs; `make help` explains each.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_READY := .make/run
DEV_READY := .make/dev
NODE_READY := .make/node
CLIENTS := .make/clients

# Locks carry hashes; uv refuses a package whose hash differs. `--no-deps` because the lock is already complete.
# The system's certificates, as git and pip use them: companies have their own.
UV = $(BIN)/uv --system-certs
INSTALL = $(UV) pip install --python $(BIN)/python --quiet --require-hashes --no-deps

.PHONY: help
help: ## explain each target
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(BIN)/uv: requirements/bootstrap.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "segue needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 3; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	@touch $@

$(RUN_READY): $(BIN)/uv requirements/run.lock pyproject.toml
	@echo "Installing what running needs (hash-pinned, once) ..."
	@mkdir -p .make
	@$(INSTALL) -r requirements/run.lock
	@$(UV) pip install --python $(BIN)/python --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_READY): $(RUN_READY) requirements/dev.lock
	@echo "Installing what tests and synthesis need (hash-pinned, once) ..."
	@$(INSTALL) -r requirements/dev.lock
	@touch $@

# The validator of state machines and the clients of the doors' tests come from npm; Node itself came from PyPI with the dev lock.
$(NODE_READY): $(DEV_READY) infra/node/package-lock.json
	@NODE_USE_SYSTEM_CA=1 PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --prefix infra/node --silent
	@touch $@

$(CLIENTS): $(DEV_READY) requirements/clients.lock
	@$(UV) pip install --target $@ --quiet --require-hashes --no-deps -r requirements/clients.lock
	@touch $@

.PHONY: demo
demo: $(RUN_READY) ## two years of real purchases through the whole system, in virtual time; writes build/demo/report.html
	@$(BIN)/segue demo

.PHONY: check
check: $(NODE_READY) ## format, lint, types, import contracts and every test but those of infra (a minute or so)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/pytest -n 2 --dist worksteal -m "not slow"

.PHONY: test
test: $(NODE_READY) $(CLIENTS) ## everything CI runs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/segue check
	@$(BIN)/pytest -n 2 --dist worksteal --durations=10

.PHONY: conformance
conformance: $(NODE_READY) ## the runner beside moto's interpreter: the shipped journeys and 200 generated ones (minutes)
	@$(BIN)/pytest -n 2 -m "" tests/infra/local/runner/test_conformance.py

.PHONY: format
format: $(DEV_READY) ## rewrite files in the project's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: synth
synth: $(DEV_READY) ## synthesise every stack offline; refresh infra/snapshots, docs/schemas and docs/reference/journeys.md
	@$(BIN)/python -m infra.snapshots_writer
	@$(BIN)/segue schemas --write

# What `npx aws-cdk@2` runs (cdk.json): the stacks, with the third-party layer installed for Lambda.
.PHONY: app
app: $(DEV_READY)
	@$(BIN)/python app.py

.PHONY: bench
bench: $(DEV_READY) ## count AWS requests, capacity units and state transitions, beside their budgets
	@$(BIN)/segue bench

.PHONY: lock
lock: $(BIN)/uv ## resolve the locks anew from pyproject.toml
	@$(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --upgrade --quiet --output-file requirements/run.lock
	@$(UV) pip compile pyproject.toml --universal --python-version 3.11 --extra deploy --group test --generate-hashes --no-header --upgrade --quiet --output-file requirements/dev.lock
	@$(UV) pip compile requirements/layer.in --constraint requirements/run.lock --python-version 3.13 --python-platform aarch64-manylinux2014 --no-emit-package boto3 --no-emit-package botocore --no-emit-package urllib3 --generate-hashes --no-header --no-annotate --quiet --output-file requirements/layer.lock
	@$(UV) pip compile requirements/clients.in --universal --python-version 3.11 $(addprefix --no-emit-package ,certifi charset-normalizer idna python-dateutil requests six tzdata urllib3) --generate-hashes --no-header --no-annotate --upgrade --quiet --output-file requirements/clients.lock

.PHONY: clean
clean: ## remove everything the targets made
	rm -rf $(VENV) .make build cdk.out infra/node/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
