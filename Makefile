# Everything happens in .venv and stays there; `make help` lists what there is.
PYTHON ?= python3
CONSTRAINTS ?= constraints.txt
JOBS ?= 3
PROVE_MINUTES ?= 30

BIN := .venv/bin
# The stamps carry what was installed from, so that a changed pin installs again and an unchanged one costs nothing.
KEY := $(shell cat pyproject.toml $(CONSTRAINTS) .ci/setup .ci/requirements.py | cksum | cut -d ' ' -f 1)
DEMO_READY := .venv/ready-demo-$(KEY)
TEST_READY := .venv/ready-test-$(KEY)
BENCH_READY := .venv/ready-bench-$(KEY)
DOCS_READY := .venv/ready-docs-$(KEY)

# Compiled modules are kept (.ci/setup says where), so that no command compiles twice.
export PYTHONDONTWRITEBYTECODE :=
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/.venv/cache/hypothesis

.NOTPARALLEL:
.PHONY: help setup demo test lint types imports catalog promtool units prove bench docs format wheel lock clean

help: ## what there is
	@sed -n 's/^\([a-z]*\):.* ## /\1\t/p' Makefile | expand -t 10

setup: $(DEMO_READY) ## only .venv, with the command at .venv/bin/dd-sync
	@echo ".venv/bin/dd-sync is ready"

demo: $(DEMO_READY) ## the whole story, told against a Datadog on this machine
	@$(BIN)/dd-sync demo --catalog monitors

test: lint types imports catalog units ## everything that must hold before a merge

lint: $(TEST_READY) ## ruff: style and format
	@echo "ruff: style and format"
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .

types: $(TEST_READY) ## mypy --strict
	@echo "mypy --strict: types"
	@$(BIN)/mypy --no-error-summary

imports: $(TEST_READY) ## import-linter: which room may know which
	@echo "import-linter: which room may know which"
	@$(BIN)/lint-imports --no-logo --cache-dir .venv/cache/imports >.venv/cache/imports.txt || { cat .venv/cache/imports.txt; exit 1; }

catalog: $(TEST_READY) ## dd-sync check and test on monitors/
	@echo "dd-sync check and dd-sync test, its coverage and its mutants: monitors/"
	@$(BIN)/dd-sync check
	@$(BIN)/dd-sync test --min-coverage 100 --min-killed 90 >.venv/cache/catalog.txt || { cat .venv/cache/catalog.txt; exit 1; }
	@tail -n 1 .venv/cache/catalog.txt

promtool: $(TEST_READY) ## the catalog's rules and scenarios, judged by promtool where that is installed
	@$(BIN)/dd-sync export prometheus --out .venv/cache/rules.yaml --tests .venv/cache/rules_test.yaml 2>.venv/cache/left_out.txt
	@$(if $(shell command -v promtool),promtool check rules .venv/cache/rules.yaml && promtool test rules .venv/cache/rules_test*.yaml,echo "promtool is not installed (Debian: prometheus), so nothing is judged")

units: $(TEST_READY) ## pytest with branch coverage
	@echo "pytest: tests and branch coverage"
	@$(BIN)/pytest -n $(JOBS) -rs --cov

prove: $(TEST_READY) ## the slow proofs, PROVE_MINUTES at most
	@echo "pytest: slow proofs, $(PROVE_MINUTES) minutes at most"
	@$(if $(shell command -v timeout),timeout --foreground $(PROVE_MINUTES)m) $(BIN)/pytest -n $(JOBS) -rs -m prove --dist loadgroup --hypothesis-profile=prove

bench: $(BENCH_READY) ## speed, as ratios measured in one run
	@$(BIN)/python -m tests.bench $(BENCH)
	@$(if $(BENCH),,$(BIN)/python -m tests.bench.kernel)

docs: $(DOCS_READY) ## the documentation as a site, built strictly
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

format: $(TEST_READY) ## let ruff mend what it can
	@$(BIN)/ruff check -q --fix-only .
	@$(BIN)/ruff format .

wheel: $(TEST_READY) ## build the wheel and try it in an empty environment
	@.ci/wheel

lock: ## pin the newest versions in constraints.txt
	@.ci/lock "$(PYTHON)"

clean: ## remove .venv and dist
	rm -rf .venv dist

$(DEMO_READY):
	@.ci/setup "$(PYTHON)" "$(CONSTRAINTS)" core local build
	@mkdir -p .venv/cache
	@touch $@

$(TEST_READY):
	@.ci/setup "$(PYTHON)" "$(CONSTRAINTS)" core history local dev build
	@mkdir -p .venv/cache
	@touch $@ $(DEMO_READY)

# Added to what is there, so that neither the tests nor the demo have to be set up again.
$(BENCH_READY): | $(TEST_READY)
$(DOCS_READY): | $(DEMO_READY)
$(BENCH_READY) $(DOCS_READY): .venv/ready-%-$(KEY):
	@$(BIN)/python .ci/requirements.py $* >.venv/requirements-$*.txt
	@$(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check --no-input -r .venv/requirements-$*.txt -c "$(CONSTRAINTS)"
	@touch $@
