# One command for each verb. Needs Python 3.11 or newer with pip, git and make; nothing else.
PYTHON ?= python3
PORT ?= 8000
T ?= tests
# Many tests wait for servers and browsers: half as many processes again as there are cores.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) \* 3 / 2)
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check install --quiet --constraint constraints.txt --editable

# A server imports three hundred modules: it takes a third longer when each start compiles them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup serve test check fix cover schema docs bench abuse clients

help: ## Say what each target does (this list).
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: .venv/dev.stamp ## Make .venv with everything that development needs.

serve: .venv/run.stamp ## Serve with demo data inside SQLite (PORT=8000): nothing else to install.
	@$(BIN)/python -m gql serve --local --port $(PORT)

test: setup ## Run the tests, or a part of them: make test T=tests/cli
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --max-worker-restart 0 --durations 10 $(T)

check: setup ## Check style, types, imports, tenancy, names, the printed schema and the generated docs.
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports
	$(BIN)/python -m tools.lint_scope && $(BIN)/python -m tools.lint_names && $(BIN)/python -m tools.docs --check
	$(BIN)/python -m gql schema --check && $(BIN)/python -m tools.released

fix: setup ## Repair what ruff can repair, and format.
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

cover: setup ## Run the tests and list the lines they miss.
	$(BIN)/pytest --cov --cov-report=term-missing:skip-covered $(T)

schema: setup ## Rewrite schema.graphql from the code.
	$(BIN)/python -m gql schema > schema.graphql.new && mv schema.graphql.new schema.graphql

docs: setup ## Rewrite the generated parts of the documentation.
	$(BIN)/python -m tools.docs

bench: setup ## Measure Jackfield beside other servers: make bench B=--help
	@$(BIN)/python -m benchmarks $(B) && $(BIN)/python -m tools.docs

abuse: setup ## Attack a server as one organization, watch it as another: make abuse A=--help
	@$(BIN)/python -m benchmarks.abuse $(A)

clients: var/clients/ready.stamp ## Install the clients of docs/frontends.md for its test: needs Node 18 or newer.

var/clients/ready.stamp: tests/clients/package-lock.json tests/clients/requirements-gql.txt tests/clients/requirements-ariadne.txt
	cd tests/clients && npm ci --ignore-scripts --no-audit --no-fund --loglevel error
	@for name in gql ariadne; do $(PYTHON) -m venv var/clients/$$name && var/clients/$$name/bin/pip \
	  --disable-pip-version-check install -qr tests/clients/requirements-$$name.txt || exit 1; done && touch $@

.venv/run.stamp: pyproject.toml constraints.txt
	@echo "Installing into .venv: a minute the first time ..." && $(PYTHON) -m venv .venv
	@$(PIP) . && touch $@

.venv/dev.stamp: pyproject.toml constraints.txt
	@echo "Installing into .venv: a minute the first time ..." && $(PYTHON) -m venv .venv
	@$(PIP) '.[dev]' && touch .venv/run.stamp $@
