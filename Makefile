# Two commands: `make demo` and `make test`. Both set up what they need; a second run starts at once.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run-ready
DEV := $(VENV)/.dev-ready
BENCH := $(VENV)/.bench-ready

.PHONY: help demo test slow check lint types contracts packages bench clean

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(RUN): requirements/run.lock requirements/build.lock pyproject.toml
	@echo "Setting up, once: a virtual environment, pinned packages, compiled kernels (two minutes)."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock -r requirements/build.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/aupkeep demo --no-serve >/dev/null # compiles the kernels, which are kept
	@touch $@

$(DEV): $(RUN) requirements/dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@

demo: $(RUN) ## two made-up providers, from raw bytes to a held login, with the desk in your browser
	$(BIN)/aupkeep demo

test: $(DEV) packages check ## everything a change must pass, but for the slow suites
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow"

slow: $(DEV) packages ## the slow suites: many kills, broken disks and servers; CI runs them too
	$(BIN)/pytest -n 2 --dist worksteal -m slow

check: contracts lint types ## the fast jobs: layers, style, types, module length

contracts: $(DEV)
	$(BIN)/lint-imports --config .importlinter
	@long=$$(git ls-files 'src/*.py' | xargs wc -l | awk '$$2 != "total" && $$1 > 500'); \
	  if [ -n "$$long" ]; then echo "modules over 500 lines:"; echo "$$long"; exit 1; fi

lint: $(DEV)
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .

types: $(DEV)
	$(BIN)/mypy

packages: ## Debian packages for tests with real servers (only as root, only where nothing conflicts)
	@sh .ci/packages

$(BENCH): $(RUN) requirements/bench.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.lock
	@touch $@

bench: $(DEV) $(BENCH) ## the figures in docs/reference/figures.md
	$(BIN)/python benchmarks/run.py
	$(BIN)/aupkeep bench engine --workers 2

clean: ## forget the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .import_linter_cache
