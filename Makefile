# Set up, test and build nurecoil. `make help` lists the targets.
#
# Two set-ups share .venv: the light one (`make demo`) has what the command line needs, the full one
# (`make install`, `make test`) adds every extra. Each leaves a stamp in .venv and is repeated only when
# pyproject.toml or constraints.txt changes; the full one counts as the light one.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV   := .venv
BIN    := $(VENV)/bin
LIGHT  := $(VENV)/.light-set-up
FULL   := $(VENV)/.full-set-up
JOBS   ?= auto
OUT    ?= out
PIP    := $(BIN)/python -m pip --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest
# pip compiles what it copies, and an editable install copies nothing. The engine's kernel is compiled, too.
COMPILE := $(BIN)/python -m compileall -q framework plugins && $(BIN)/python -m nurecoil.engine.kernel

# The Python to build .venv with; set PYTHON=/path/to/python to choose. Left empty, the first usable one is taken.
PYTHON ?=
USABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

.PHONY: help install demo test test-long benchmark lint format docs clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

$(BIN)/python:
	@found=""; \
	for candidate in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
	  if "$$candidate" -c '$(USABLE)' >/dev/null 2>&1; then found="$$candidate"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "nurecoil needs Python >= 3.11 and < 3.14 with its venv module; tried: $(or $(PYTHON),python3.13 python3.12 python3.11 python3)." >&2; \
	  echo "Install one (on Debian: python3 and python3-venv), or name it: make PYTHON=/path/to/python $(MAKECMDGOALS)" >&2; \
	  exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$("$$found" --version) ($$found)"; \
	"$$found" -m venv $(VENV)

$(LIGHT): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable .
	@$(COMPILE)
	@touch $@

$(FULL): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[all,test]'
	@$(COMPILE)
	@touch $(LIGHT) $@

install: $(FULL) ## make .venv with every extra
	@echo "$(VENV) is ready: $$($(BIN)/nurecoil --version) in $(BIN)/nurecoil"

demo: $(LIGHT) ## the main job: both limits beside the published ones, plots and JSON in out/
	$(BIN)/nurecoil demo --out $(OUT)

test: $(FULL) ## the short suite with coverage
	$(PYTEST) -n $(JOBS) --dist loadfile --hypothesis-profile=short --cov --cov-report=term $(ARGS)

test-long: $(FULL) ## the short suite and the long one
	$(PYTEST) -n $(JOBS) --dist loadfile --hypothesis-profile=long -m "not benchmark" $(ARGS)

benchmark: $(FULL) ## speed, and the numbers of the documentation (one process, so that times mean something)
	$(PYTEST) -m benchmark -s $(ARGS)

lint: $(FULL) ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(FULL) ## let ruff put the code into shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(FULL) ## the site, in docs/_build/html
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

clean: ## remove .venv, caches and everything built
	rm -rf $(VENV) dist $(OUT) docs/_build htmlcov .coverage .coverage.* coverage.xml .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -path ./.git -prune -o -type d -name __pycache__ -print0 | xargs -0 rm -rf
