# Everything a developer or a newcomer does here. `make` alone lists it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo up test faults soak rating-proof delivery-proof dbt-check check format bench fuzz clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Exact versions first, then the project itself: nothing is resolved anew.
$(STAMP): pyproject.toml requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP) ## two days of archives, from a real SFTP server to bills, in demo/
	@$(BIN)/eur demo --dir demo

up: $(STAMP) ## the Dagster UI on the demo project: http://127.0.0.1:3000
	@test -f demo/eur.yaml || $(MAKE) --no-print-directory demo
	@$(BIN)/eur up --dir demo

test: $(STAMP) ## all tests
	@$(BIN)/python -m pytest

faults: $(STAMP) ## strike at every step of collecting, and see that nothing is lost (docs/faults.md)
	@$(BIN)/python -m tests.faults

soak: $(STAMP) ## ten minutes of faults at random over 20,000 archives; SOAK="--seconds 60 --archives 2000"
	@$(BIN)/python -m tests.faults.soak $(SOAK)

rating-proof: $(STAMP) ## models against an independent rater, 100,000 combinations
	@$(BIN)/python -m tests.rating

dbt-check: $(STAMP) ## run the models with dbt too, in .venv-dbt, and compare; PROJECT=DIR for one of yours
	@$(BIN)/python -m tests.dbt_check $(PROJECT)

delivery-proof: $(STAMP) ## bills and invoices over generated deliveries, 200 of each property
	@$(BIN)/python -m tests.rating.delivery_proof

check: $(STAMP) ## every static check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint dbt_like_sql

format: $(STAMP) ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## measure collecting, reading and billing, beside floors and others; CASES="rate late"
	@$(BIN)/python -m tests.bench $(CASES)

SECONDS ?= 600
fuzz: $(STAMP) ## read damaged archives for ten minutes, or SECONDS=60
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

clean: ## remove what was built, installed and demonstrated
	rm -rf $(VENV) .venv-dbt demo dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
