# Palier on one machine. Needs Python >= 3.11, Node >= 20 and make; each target sets up the rest.
#
#   make demo     shows Palier at work (make demo EXIT=1 ends when the play is over)
#   make start    the same without the play
#   make test     everything below, on real emulators
#   make check    lint, types and unit tests, with a quarter of the random examples
#   make bench    measures against the budgets
#   make lock     compiles the lock files anew (UPGRADE=1 takes the newest allowed)
#   make clean    removes all that was installed or written here

PYTHON ?= python3
IN = venv/bin/python -m

.PHONY: help demo start test check lint bench lock clean setup setup-basic

help:
	@sed -n 's/^#   //p' Makefile

setup:
	@$(PYTHON) -m local.setup

setup-basic:
	@$(PYTHON) -m local.setup --no-emulators

demo: setup
	@$(IN) local.demo $(if $(EXIT),--exit)

start: setup
	@$(IN) local.start

lint: setup-basic
	@venv/bin/ruff check --quiet .
	@venv/bin/ruff format --check --quiet .
	@venv/bin/mypy --no-error-summary
	@mkdir -p .palier/logs
	@venv/bin/lint-imports --no-logo > .palier/logs/imports.log || { cat .palier/logs/imports.log; exit 1; }

check: lint
	@$(IN) pytest tests/unit --numprocesses=auto --hypothesis-profile=quick

# Tests of real servers one after the other, since they measure time; the others on all cores.
test: setup lint
	@$(IN) pytest tests --ignore=tests/unit --ignore=tests/simulation
	@$(IN) pytest tests/unit tests/simulation --numprocesses=auto

bench: setup
	@$(IN) benchmarks

lock: setup-basic
	@$(IN) local.lock $(if $(UPGRADE),--upgrade)

clean:
	@$(PYTHON) -m local.clean
