# Everything is installed into .venv in this folder and ~/.cache/cordboard; nothing needs root.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
READY := $(VENV)/.ready
ARGS ?=
ONLY ?=
SEEDS ?= 100
FIRST ?= 0
STEPS ?= 200
# Tests at a time, but for those whose phones' sound must keep its time.
WORKERS ?= 2
PACKAGES := cti acd ivr agents protocols storage config lab tests

# A failing pip must not hide behind the counter that its output is piped to.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c

# Ctrl-C is no failure to be told of: make itself ends by it then, with exit code 130.
LEAVE_QUIETLY := [ $$code -ne 130 ] || { kill -INT $$PPID; exit 0; }

.DEFAULT_GOAL := help
.PHONY: help demo test fmt lint types cover mutants messages bench chaos simulate-faults theory clean

help: ## Show what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' Makefile
	@echo 'make demo ARGS="--calls 20" ends by itself after 20 calls; ARGS=--help says more.'

demo: $(READY) ## Run a private Asterisk, the daemon, phones and agents, and watch them
	@$(BIN)/python -m lab.demo $(ARGS) || { code=$$?; $(LEAVE_QUIETLY); exit $$code; }

test: lint types ## Run the whole suite, real Asterisk and Postgres included; ARGS=path, WORKERS=2
	@$(BIN)/python -m lab.asterisk_fetch
ifeq ($(ARGS),)
	@$(PYTEST) -m 'not alone' --numprocesses $(WORKERS) --dist worksteal
	@$(PYTEST) -m alone
else
	@$(PYTEST) $(ARGS)
endif

fmt: $(READY) ## Put the code into its form
	@$(BIN)/ruff check --fix-only --quiet $(PACKAGES)
	@$(BIN)/ruff format $(PACKAGES)

lint: $(READY) ## Check form, style, spelling and the direction of imports
	@$(BIN)/ruff format --check --quiet $(PACKAGES)
	@$(BIN)/ruff check --quiet $(PACKAGES)
	@$(BIN)/codespell $(PACKAGES) README.md CHANGELOG.md CONTRIBUTING.md Makefile pyproject.toml
	@$(BIN)/lint-imports --no-logo > $(VENV)/imports.txt || { cat $(VENV)/imports.txt; exit 1; }

types: $(READY) ## Check the types
	@$(BIN)/mypy

cover: $(READY) ## Show that the core's tests take every branch of it; fails below 100 %
	@$(BIN)/python -m pytest -q --cov=acd --cov-branch --cov-report=term-missing:skip-covered \
		--cov-fail-under=100 tests/acd tests/simulation $(ARGS)

mutants: $(READY) ## Plant mistakes into the core, and see that its tests find each; ONLY="words of a name"
	@$(BIN)/python -m tests.mutants $(ONLY) || { code=$$?; $(LEAVE_QUIETLY); exit $$code; }

messages: $(READY) ## Take the texts for people out of the code, for translation
	@$(BIN)/python -m tests.messages

bench: $(READY) ## Measure beside the peers (20 minutes); ONLY=name measures one thing
	@$(BIN)/python -m tests.bench $(ONLY)

chaos: $(READY) ## Let callers and faults loose on a site; ARGS="--minutes 10 --seed 7"
	@$(BIN)/python -m lab.asterisk_fetch
	@$(BIN)/python -m tests.scenarios.chaos $(ARGS)

simulate-faults: $(READY) ## Run the core through days of faults by chance; SEEDS=1000, FIRST=, STEPS=
	@$(BIN)/python -m tests.simulation $(SEEDS) $(FIRST) $(STEPS) || { code=$$?; $(LEAVE_QUIETLY); exit $$code; }

theory: $(READY) ## Hold the simulation against Erlang's formulas with many calls (10 minutes)
	@$(BIN)/python -m tests.cti.simulation || { code=$$?; $(LEAVE_QUIETLY); exit $$code; }

clean: ## Remove what was made in this folder (not the cache in ~/.cache/cordboard)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# `python -m venv`, which ends at Ctrl-C without telling where it was.
QUIET_VENV := import signal, sys, venv; signal.signal(signal.SIGINT, signal.SIG_DFL); \
	venv.main(sys.argv[1:])

# pip says `Collecting NAME==...` once for each package of the lock.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Cordboard needs Python 3.11 or newer; name one: make PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null \
		|| { echo 'Python cannot make virtual environments; install: apt-get install python3-venv'; exit 1; }
	@echo 'Setting up the Python packages in $(VENV)'
	@$(PYTHON) -c '$(QUIET_VENV)' $(VENV)
	@trap 'echo; exit 130' INT; \
	$(PIP) install --require-hashes -r requirements.lock 2>&1 | tee $(VENV)/pip.log \
		| awk -v of="$$(grep -c == requirements.lock)" '/^Collecting / \
			{ ++n; if (tty || n % 10 == 0) printf "  %d of %d: %-40s%s", n, of, $$2, tty ? "\r" : "\n"; fflush() }' \
			tty="$$(test -t 1 && echo 1 || echo '')" \
		|| { tail -n 20 $(VENV)/pip.log; exit 1; }
	@$(PIP) install --no-deps --no-build-isolation -e . > $(VENV)/pip.log 2>&1 \
		|| { tail -n 20 $(VENV)/pip.log; exit 1; }
	@touch $(READY)
	@printf '%-60s\n' 'The Python packages are there'
