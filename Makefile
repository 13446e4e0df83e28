# `make demo` and `make test` set up everything they need in .venv, from requirements.lock alone.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test bench chaos histories clean

demo: .venv/.ready
	@$(BIN)/portout demo

test: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 --dist loadfile

bench: .venv/.ready
	@$(BIN)/python -m benchmarks

chaos: .venv/.ready
	@$(BIN)/python -m tests.chaos $(ARGS)

histories: .venv/.ready
	$(BIN)/python -m tests.workflows.record_histories

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) --version >/dev/null 2>&1 || { echo "There is no '$(PYTHON)': install Python 3.11 or newer, or name one with 'make $(MAKECMDGOALS) PYTHON=/path/to/python'."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed and '$(PYTHON)' is older: name another with 'make $(MAKECMDGOALS) PYTHON=python3.12'."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python lacks the venv module: install it (Debian: apt install python3-venv) and try again."; exit 1; }
	@echo "Setting up .venv (once; about a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

clean:
	rm -rf .venv .portout
