# SPDX-License-Identifier: Apache-2.0
# Two commands do everything on a fresh machine: make demo, make test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TEST_READY := $(VENV)/.ready-test
WORKERS ?= 2
# Each model that OpenVINO converts leaves some thirty open pipes in its process, and select, which
# pynetdicom waits with, takes no handle above 1023: these have processes of their own.
CONVERTING := tests/inference tests/bundles tests/models
# A worker for each core, and no more threads than that: more would wait for each other.
export OMP_NUM_THREADS ?= 1
# Processes that tests start compile nothing twice.
unexport PYTHONDONTWRITEBYTECODE
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

.PHONY: demo test test-all check lint types format benchmarks clean help

help: ## what can be made
	@grep -hE '^[a-z -]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(READY) ## make a clip, find the polyp in it, write DICOM, deliver it to a PACS
	$(BIN)/medvid demo

test: SOME := -m "not exhaustive"
test-all: SOME := --hypothesis-profile new_examples
test test-all: $(TEST_READY) lint types ## lint, types and tests; test-all: long second looks too
	$(PYTEST) $(SOME) $(CONVERTING:%=--ignore=%)
	$(PYTEST) $(SOME) $(CONVERTING)

check: format test ## format, then everything that test does

lint: $(TEST_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/typos

types: $(TEST_READY)
	$(BIN)/mypy

format: $(TEST_READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmarks: $(TEST_READY) ## run every benchmark and write docs/reference/benchmarks.md
	$(BIN)/python -m benchmarks.run_all

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis medvid-demo

$(READY): pyproject.toml constraints.txt scripts/setup.sh
	PYTHON="$(PYTHON)" sh scripts/setup.sh "$(VENV)"
	touch $@

$(TEST_READY): pyproject.toml constraints.txt scripts/setup.sh
	PYTHON="$(PYTHON)" sh scripts/setup.sh "$(VENV)" "[test,lint,holoscan,deploy]"
	touch $(READY) $@
