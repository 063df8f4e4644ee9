# The project's commands; `make` alone lists them. All work from a fresh clone: they need python3 (3.11 or later), make and
# the package registries. `setup` puts everything else into .venv, exactly as requirements/ pins it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup run demo vm bench check docs conformance format lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate --no-emit-package colorama $(UPGRADE)

help:  ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 13

setup: $(STAMP)  ## .venv with the locked packages and glassnic itself; quick when up to date
	@:

$(STAMP): pyproject.toml requirements/dev.txt requirements/uv.txt requirements/install
	@requirements/install $(PYTHON) $(VENV)
	@touch $@

run: setup  ## boot an unmodified Linux guest on the card, run traffic through it, and show what the card did
	@$(BIN)/glassnic run

demo: setup  ## the 2017 corruption, in this process: no VM, no root, seconds
	@$(BIN)/glassnic demo

vm: setup  ## every test plan in a real guest
	@$(BIN)/glassnic vm --test all

bench: setup  ## how fast the card is, and against what
	@mkdir -p bench
	@$(BIN)/glassnic bench --json bench/latest.json --svg bench/latest.svg

check: setup  ## style, types, layers and all tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	NUMBA_BOUNDSCHECK=1 $(BIN)/pytest -q -n 2 -m kernel
	$(BIN)/pytest -n 2 --dist loadgroup

docs: setup  ## the documents that are made from tables
	$(BIN)/python -m glassnic.spec.sheet > docs/registers.md
	$(BIN)/python -m glassnic.spec.findings_sheet > docs/findings.md
	$(BIN)/python -m glassnic.conformance.profiles_sheet > docs/profiles.md

conformance: setup  ## docs/conformance.md: every rule put to this card and to QEMU's; a quarter of an hour
	@$(BIN)/glassnic conform --target self --target qemu-7.2 --target qemu-7.2:e1000e --target qemu-11.1 \
		--target qemu-11.1:e1000e --markdown docs/conformance.md >/dev/null || test $$? -eq 1

format: setup  ## lay the code out, and mend what ruff can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock: setup  ## pin the packages anew; UPGRADE=--upgrade takes the newest
	$(COMPILE) --extra dev pyproject.toml -o requirements/dev.txt
	$(COMPILE) -c requirements/dev.txt pyproject.toml -o requirements/run.txt
	echo uv | $(COMPILE) - -o requirements/uv.txt

clean:  ## forget the virtualenv, the caches and the compiled kernels
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis src/*.egg-info
	find src tests -name __pycache__ -prune -exec rm -rf {} +
