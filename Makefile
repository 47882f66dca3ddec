# Two commands matter: `make demo` shows the product, `make test` proves it. Each needs Python 3.11 or newer and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
RUNTIME := $(VENV)/runtime-$(shell cksum < requirements.txt | cut -d' ' -f1)
DEV := $(VENV)/dev-$(shell cksum < requirements-dev.txt | cut -d' ' -f1)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: help demo test check bench screenshots serve format lock clean

help:
	@echo "make demo    the whole loop on this machine, no account needed (ARGS=\"--story\" plays it and exits)"
	@echo "make test    every test, on SQLite and on a real PostgreSQL"
	@echo "make check   lint, formatting, types, floors"
	@echo "make bench   the figures, side by side"
	@echo "make screenshots   the pictures of the README, taken anew (needs Chromium)"
	@echo "make serve   the bot, with the environment's settings"

$(RUNTIME):
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@rm -rf $(VENV)
	@echo "Setting up $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.txt
	@touch $@

$(DEV): $(RUNTIME)
	@echo "Adding what the tests need …"
	@$(PIP) -r requirements-dev.txt
	@rm -f $(VENV)/dev-*
	@touch $@

demo: $(RUNTIME)
	@$(BIN)/python -m bot demo $(ARGS)

serve: $(RUNTIME)
	@$(BIN)/python -m bot serve $(ARGS)

test: $(DEV)
	@$(BIN)/python -m pytest -n 2 --dist loadfile -q $(ARGS)

check: $(DEV)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo > $(VENV)/lint-imports.txt || (cat $(VENV)/lint-imports.txt; exit 1)
	@$(BIN)/python -m pytest -q tests/test_house.py tests/test_repository.py
	@echo "checked: lint, formatting, types, floors, budgets"

bench: $(DEV)
	@$(BIN)/python -m bench $(ARGS)

screenshots: $(DEV)
	@$(BIN)/python -m tests.browser.screenshots

format: $(DEV)
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

# Needs uv on the path; writes locks with hashes and without any index address.
lock:
	uv pip compile pyproject.toml --universal --generate-hashes --no-header --quiet --python-version 3.11 -o requirements.txt
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-header --quiet --python-version 3.11 -o requirements-dev.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
