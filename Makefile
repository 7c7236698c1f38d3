# The only commands anyone needs. Everything installs itself into .venv/, once.

PORT    ?= 8000
PYTHON  ?= python3
ARGS    ?=
BIN     := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt
RECIPE  := setup.cfg pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run test bench races rooming lint format

help:
	@echo "make run     the product with its demonstration, on http://127.0.0.1:$(PORT)   (PORT=8080 for another)"
	@echo "make test    every test, on SQLite and PostgreSQL   (ARGS=\"-k feed\" for some)"
	@echo "make bench   the speed table, also written to bench/results.json"
	@echo "make races   ten minutes of races with faults on each database   (ARGS=\"--seconds 60 --engine sqlite\")"
	@echo "make rooming what each way to choose rooms refuses, over simulated days   (ARGS=\"--days 2\")"
	@echo "make lint    style, types and layers, nothing changed"
	@echo "make format  what ruff can mend by itself"

run: .venv/run.stamp
	@$(BIN)/python scripts/serve.py $(PORT)

test: .venv/dev.stamp
	@scripts/need-chromium
	@$(BIN)/python -m pytest -n 3 --dist loadfile $(if $(ARGS),$(ARGS),--cov)

bench: .venv/dev.stamp
	@$(BIN)/python -m bench $(ARGS)

races: .venv/dev.stamp
	@$(BIN)/python -m bench.races $(ARGS)

rooming: .venv/dev.stamp
	@$(BIN)/python -m bench.rooming $(ARGS)

lint: .venv/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo

format: .venv/dev.stamp
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# pip builds the project with the setuptools that constraints.txt names, so a build is the same everywhere.
.venv/bin/python:
	@scripts/need-python $(PYTHON)
	@$(PYTHON) -m venv --clear .venv

.venv/run.stamp: $(RECIPE) | .venv/bin/python
	@echo "Installing what the product needs into .venv/ (once)…"
	@$(INSTALL) 'setuptools>=78'
	@$(INSTALL) --no-build-isolation --editable '.[postgres]'
	@touch $@

.venv/dev.stamp: $(RECIPE) | .venv/bin/python
	@echo "Installing what the tests and tools need into .venv/ (once)…"
	@$(INSTALL) 'setuptools>=78'
	@$(INSTALL) --no-build-isolation --editable '.[postgres,test,dev]'
	@touch $@ .venv/run.stamp
