# Every target takes a fresh clone to its result: the first use makes .venv, later ones start at
# once. `make` alone lists the targets; PYTHON names another interpreter, ARGS goes to the program.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m
# Errors only: what pip has to remark on its index pages and its own age is not the user's.
INSTALL := $(RUN) pip install -qq --disable-pip-version-check --constraint constraints.txt
PINS := pyproject.toml constraints.txt

# The question as it was typed: `value` keeps make from expanding a `$` in it, and so does
# `unexport`, because what stands on make's command line is otherwise exported expanded.
unexport Q
export QUESTION := $(value Q)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help ask test check lint style types imports format adversary crash flood bench eval clean question

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1#\2/p' $(MAKEFILE_LIST) | awk -F'#' '{ printf "%-17s%s\n", $$1, $$2 }'

# A refusal has status 3 in scripts; here it is an answer like any other.
ask: question $(VENV)/.ready ## Ask the articles: make ask Q="Who ...?"
	@$(RUN) rag ask $(ARGS) -- "$$QUESTION" || { status=$$?; [ $$status -eq 3 ] || exit $$status; }

test: $(VENV)/.ready-dev ## Run the tests
	@$(RUN) pytest $(ARGS)

check: lint test ## Run everything that has to pass before a commit

lint: style types imports ## Check style, formatting, types and the direction of imports

style: $(VENV)/.ready-dev
	@$(RUN) ruff check --quiet
	@$(RUN) ruff format --check --quiet

types: $(VENV)/.ready-dev
	@$(RUN) mypy

imports: $(VENV)/.ready-dev
	@$(BIN)/python $(BIN)/lint-imports --no-logo

format: $(VENV)/.ready-dev ## Format the code and sort its imports
	@$(RUN) ruff check --quiet --fix
	@$(RUN) ruff format

adversary: $(VENV)/.ready-dev ## Let a hostile model answer, and count what is shown
	@$(RUN) tests.adversary $(ARGS)

crash: $(VENV)/.ready-dev ## Kill the Telegram bot at work 50 times, and count what is lost
	@$(RUN) tests.crash $(ARGS)

flood: $(VENV)/.ready-dev ## Have 1,000 chats ask at once, beside a bare echo bot
	@$(RUN) tests.flood $(ARGS)

bench: $(VENV)/.ready-bench ## Time a cold question, or: make bench ARGS="splitters"
	@$(RUN) eval.bench $(or $(ARGS),cold)

eval: $(VENV)/.ready-report ## Ask the golden questions, or: make eval ARGS="xquad --data DIR"
	@$(RUN) eval $(ARGS)

clean: ## Remove .venv and what the tools leave behind
	@rm -rf $(VENV) build dist eval-results *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

question:
	@[ -n "$$QUESTION" ] || { echo 'Ask like this: make ask Q="Who ...?"' >&2; exit 2; }

# The stamps say what is installed; all of them are made anew when the pins change.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'citebot needs Python 3.11 or newer, which $(PYTHON) is not: make PYTHON=python3.13 ...' >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.ready: $(VENV)/.made $(PINS)
	@echo 'Installing citebot into $(VENV), only this once: about a minute ...' >&2
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.ready-report: $(VENV)/.made $(PINS)
	@echo 'Installing citebot and what draws the report into $(VENV), only this once ...' >&2
	@$(INSTALL) --editable '.[report]'
	@touch $(VENV)/.ready $@

$(VENV)/.ready-dev: $(VENV)/.made $(PINS)
	@echo 'Installing citebot and the tools for its tests into $(VENV), only this once ...' >&2
	@$(INSTALL) --editable '.[dev]'
	@touch $(VENV)/.ready $(VENV)/.ready-report $@

$(VENV)/.ready-bench: $(VENV)/.made $(PINS)
	@echo 'Installing citebot, tools and rivals for the benchmarks into $(VENV), only this once ...' >&2
	@$(INSTALL) --editable '.[dev,bench]'
	@touch $(VENV)/.ready $(VENV)/.ready-report $(VENV)/.ready-dev $@
