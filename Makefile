# The two commands are `make demo` and `make test`; both set up all they need, once.
# All paths are relative, so that a checkout in a path with a space works.

.PHONY: demo environment screens test mutants lint format docs site pictures lock needs soak chaos clean
.DEFAULT_GOAL := demo

BIN := .venv/bin
STAMP := .venv/installed

demo: $(STAMP)
	@$(BIN)/python -m eventproof demo

# How many processes share the tests: many of these wait for a clock.
PROCESSES ?= 4

# The tests start hundreds of processes: none is to compile what an earlier one has compiled.
unexport PYTHONDONTWRITEBYTECODE

environment: $(STAMP)

test: $(STAMP) needs
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m coverage run -m pytest -n $(PROCESSES) --durations=40 --durations-min=4 $(PYTEST_ARGS)
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage report --skip-covered --skip-empty

# Every requirement against every fault, where `make test` tries a share of them.
mutants: $(STAMP)
	@EVENTPROOF_TRIALS=all $(BIN)/python -m pytest -n $(PROCESSES) tests/conform/test_every_case_bites.py $(PYTEST_ARGS)

lint: $(STAMP)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(STAMP)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# The page of `eventproof serve --screens` loads the official Socket.IO client, which is in no commit.
screens:
	@sh scripts/screens.sh

# The reference in docs/, from the contracts, the cases and the faults.
docs: $(STAMP)
	@$(BIN)/python -m handbook

# The guide and the reference as a site in build/site; needs the network once, for MkDocs.
site: docs
	@sh scripts/site.sh

# The pictures in docs/pictures/, of real runs; needs Chromium.
pictures: $(STAMP)
	@$(BIN)/python scripts/pictures.py

# What a test needs beside Python: installed where we may, named where we may not.
needs:
	@sh scripts/test-needs.sh

# The check, many times in a row; see the script for its settings.
soak: $(STAMP)
	@$(BIN)/python scripts/soak.py

# Every attack and every trouble on the reference server, and the table of what came of it: `CHAOS_ARGS="--rounds 200"`.
chaos: $(STAMP)
	@$(BIN)/python -m tests.chaos $(CHAOS_ARGS)

lock:
	@sh scripts/lock.sh

clean:
	rm -rf .venv .coverage .coverage.* tests/js/node_modules reference_server/screens/vendor

$(STAMP): requirements.lock pyproject.toml scripts/environment.sh
	@sh scripts/environment.sh
