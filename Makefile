# Two commands matter: `make demo` and `make test`. Each makes its own environment on first use.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

USER := $(VENV)-user/bin
# What needs no extra and no browser; the rest of the suite runs with the extras.
QUICK := tests/unit/core tests/unit/axis tests/unit/clinic tests/unit/evidence tests/faces/test_refusals.py tests/faces/test_cli_evidence.py

.PHONY: demo test test-user audit lint bench docs published clean

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/baxis trial fenebrutinib-sle-ph2 --out out/fenebrutinib-sle-ph2

test: $(VENV)/.tested
	$(BIN)/python -m pytest -n auto --junitxml build/tests.xml

# The quick half again in what a user gets: the wheel, and what it requires as a plain `pip install` resolves it today.
test-user:
	test -d $(VENV)-user || $(PYTHON) -m venv $(VENV)-user
	$(USER)/python -m pip install --quiet --upgrade pip hypothesis pytest pytest-xdist threadpoolctl
	$(USER)/python -m pip install --quiet --upgrade --upgrade-strategy eager --force-reinstall --no-deps .
	$(USER)/python -m pip install --quiet --upgrade --upgrade-strategy eager .
	$(USER)/python -m pytest -n auto -p no:cacheprovider --junitxml build/tests-user.xml $(QUICK)

# Known vulnerabilities of what gets installed; says so where no database can be reached.
audit: $(VENV)/.installed
	-$(BIN)/python -m pip install --quiet pip-audit
	$(BIN)/python scripts/audit.py

lint: $(VENV)/.tested
	$(BIN)/ruff check src tests benchmarks scripts
	$(BIN)/ruff format --check src tests benchmarks scripts
	$(BIN)/mypy

docs: $(VENV)/.tested
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "The site is in build/site: open build/site/index.html"

# Every published figure and table, in order; goes on where it was stopped. LOOK=1 adds the scoreboard (a logged look).
published: $(VENV)/.tested
	$(BIN)/python scripts/published.py $(if $(LOOK),--look)

bench: $(VENV)/.tested
	-$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/trial.py

clean:
	rm -rf $(VENV) $(VENV)-user build dist out .pytest_cache .mypy_cache .ruff_cache
