# Afterimage. `make help` lists the targets; each does all of its own set-up, in .venv.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# The project itself has no hash. What it needs is there already; `pip check` says so.
INSTALL = $(PIP) install -q --no-deps --no-build-isolation -e . && $(PIP) check
ARGS ?=

.PHONY: help setup demo test test-system hostile isolation formatting guards faults check format system lock sbom clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup: .venv/.demo ## make .venv with all that the demo needs (a few minutes of downloads the first time)

demo: .venv/.demo ## open the chat page with the model that ships along (ARGS=--once: one picture, one question, and out)
	@$(BIN)/afterimage demo $(ARGS)

test: .venv/.dev system ## run the unit and integration tests, two at a time (ARGS='-k name' for some)
	$(BIN)/python -m pytest -m "not system" -n 2 --dist loadfile $(ARGS)

test-system: .venv/.dev system ## run the system tests one after the other (ARGS='-k name' for some)
	$(BIN)/python -m pytest -m system $(ARGS)

hostile: .venv/.dev ## give 10,000 hostile pictures to the decoders and print what became of them (ARGS=100000 for more)
	PYTHONPATH=tests $(BIN)/python -m support.hostile $(ARGS)

isolation: .venv/.dev ## do 10,000 things to the bot in 56 chats: none is shown what is another's (ARGS=100000 for more)
	PYTHONPATH=tests $(BIN)/python -m support.security.isolation $(ARGS)

formatting: .venv/.dev ## put 100,000 hostile strings into all that the bot says, and check what the Bot API would refuse
	PYTHONPATH=tests $(BIN)/python -m support.security.formatting $(ARGS)

guards: .venv/.dev ## take out each guard, one by one, in a copy, and see that a test fails (ARGS="a guard's name" for some)
	PYTHONPATH=tests $(BIN)/python -m support.security.guards $(ARGS)

check: .venv/.dev ## lint, types, import contracts, known vulnerabilities: all that needs no running
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python scripts/audit

faults: .venv/.dev ## break one thing at a time under load and count what is lost or doubled (ARGS='--seeds 20 --updates 40')
	PYTHONPATH=tests $(BIN)/python -m support.faults $(ARGS)

format: .venv/.dev ## let ruff tidy the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

system: ## install the programs that tests talk to: a browser, Redis, the emoji font
	@scripts/system-packages

lock: .venv/.dev ## write what pyproject.toml asks for into the lock files (ARGS=--upgrade: the newest of everything)
	@scripts/lock $(ARGS)

sbom: .venv/.dev ## write build/sbom.json: every package in .venv, its licence, and who needs it (CycloneDX)
	@mkdir -p build
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-file build/sbom.json $(BIN)/python

clean: ## remove .venv and everything else that can be made again
	rm -rf .venv *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# A stamp is younger than what it was made from, so a second run costs nothing.
.venv/bin/python:
	@scripts/make-venv "$(PYTHON)"

.venv/.demo: pyproject.toml requirements/demo.lock | .venv/bin/python
	@echo "Installing Afterimage into .venv (once; torch is large, this takes some minutes) ..."
	scripts/install-locked $(BIN)/python requirements/demo.lock
	$(INSTALL)
	@touch $@

.venv/.dev: .venv/.demo requirements.lock
	@echo "Installing what tests and checks need ..."
	scripts/install-locked $(BIN)/python requirements.lock
	$(INSTALL)
	@touch $@
