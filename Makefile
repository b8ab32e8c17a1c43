# Everything a newcomer needs: `make demo`, `make test`. The rest is for those who change the code.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
WORKERS ?= 3
HOST ?= 127.0.0.1
PORT ?= 8000

BIN := .venv/bin
# What `engage demo` printed, to be shown again the next time.
TOLD := $(or $(ENGAGE_INSTANCE),instance)/demo.txt
PIP := $(BIN)/python -m pip --disable-pip-version-check
SOURCES := pyproject.toml hatch_build.py $(wildcard webapp/translations/*/LC_MESSAGES/*.po)

.PHONY: help demo test browser-test check bench messages lock clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

demo: .venv/.installed  ## a filled demo on http://127.0.0.1:8000, log-ins and links printed
	@$(BIN)/engage init
	@umask 077; export ENGAGE_BASE_URL=$${ENGAGE_BASE_URL:-http://$(HOST):$(PORT)}; \
	  if $(BIN)/engage demo >$(TOLD).part; then mv $(TOLD).part $(TOLD); cat $(TOLD); \
	  elif test -s $(TOLD); then \
	    rm -f $(TOLD).part; printf '\nServing the demo made before; for a new one remove $(dir $(TOLD)) first.\n\n'; cat $(TOLD); \
	  else rm -f $(TOLD).part; echo 'To start a demo anew remove $(dir $(TOLD)) first, if it holds nothing of worth.' >&2; exit 1; fi
	@exec $(BIN)/engage serve --host $(HOST) --port $(PORT)

test: .venv/.tools  ## all tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: .venv/.tools  ## ruff, pyright, import-linter
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: .venv/.tools  ## measure, and print a table of figures
	$(BIN)/python -m bench $(ARGS)

messages: .venv/.tools  ## gather the texts, update the catalogues, compile them
	@mkdir -p build
	$(BIN)/pybabel -q extract -F pyproject.toml -k lazy_gettext -k lazy_pgettext:1c,2 --no-location --sort-output --omit-header -o build/messages.pot .
	$(BIN)/pybabel -q update -i build/messages.pot -d webapp/translations --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	$(BIN)/pybabel -q compile -d webapp/translations

lock: .venv/.tools  ## resolve the dependencies anew, for every supported Python
	$(BIN)/uv pip compile --upgrade $(LOCKED) --group build -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile $(LOCKED) --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	@! grep -nE '(https?|file):|--(index|find|extra)' requirements.lock requirements-dev.lock

LOCKED := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

clean:  ## remove the environment and what was built; keeps instance/
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# The environment is made once and refreshed when a lock changes: a second run is quick.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Engage needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.locked: requirements.lock | .venv/bin/python
	$(PIP) install --quiet --require-hashes -r requirements.lock
	@touch $@

.venv/.installed: .venv/.locked $(SOURCES)
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/.tools: requirements-dev.lock .venv/.installed
	$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $@
