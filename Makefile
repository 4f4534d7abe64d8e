# One command per chore. `make run` opens the counter; `make test` checks everything.

PORT ?= 8000
INSTANCE ?= instance
WORKERS ?= 2

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
sum = $(shell { cat $(1) 2>/dev/null; $(2) --version; } 2>&1 | cksum | cut -d' ' -f1)

# What is installed carries the sum of its lock file in its name: an equal lock installs nothing.
RUNTIME := .venv/.runtime-$(call sum,requirements-uv.txt requirements.txt,$(PYTHON))
DEV := .venv/.dev-$(call sum,requirements-uv.txt requirements.txt requirements-dev.txt,$(PYTHON))
NODE := node_modules/.lock-$(call sum,package-lock.json,node)
CATALOGUES := .venv/.catalogues
POS := $(wildcard translations/*/LC_MESSAGES/messages.po)

.PHONY: bench-all growth load help run test test-fast test-postgres check check-format check-imports check-types \
	check-scripts check-script-types check-catalogues check-spelling check-vendor access \
	access-today access-longer lighthouse bench bench-call bench-schedule translations lock \
	clean kiosk-root check-licences sbom audit install-runtime install-dev apt-packages faults \
	check-wording install-telemetry

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUNTIME) $(CATALOGUES) ## open the counter (PORT=8000 INSTANCE=instance)
	@mkdir -p "$(INSTANCE)"
	@VENTANILLA_INSTANCE="$$(cd "$(INSTANCE)" && pwd)"; export VENTANILLA_INSTANCE; \
	VENTANILLA_PORT="$(PORT)"; export VENTANILLA_PORT; \
	unset PYTHONDONTWRITEBYTECODE; \
	if [ ! -f "$(INSTANCE)/ventanilla.toml" ]; then VENTANILLA_DEMO=1; export VENTANILLA_DEMO; fi; \
	exec $(BIN)/flask --app wsgi core serve

test: ## install what tests need, then check everything and run every test
	@start=$$(date +%s); \
	$(MAKE) -j3 install-dev apt-packages $(NODE) && \
	$(MAKE) $(CATALOGUES) check && \
	$(BIN)/pytest -n $(WORKERS) --dist worksteal && \
	$(MAKE) test-postgres FOLDERS=--today && \
	echo "Ventanilla: every check and every test passed in $$(($$(date +%s) - start)) s."

test-fast: $(DEV) $(CATALOGUES) ## every test that needs no browser
	@$(BIN)/pytest -n $(WORKERS) -m "not journey"

FOLDERS = tests
test-postgres: $(DEV) $(CATALOGUES) ## the same tests with their registers on PostgreSQL (FOLDERS=--today for a part)
	@$(BIN)/python -m tests.postgres pytest -n $(WORKERS) -q --durations=3 \
		-m "not journey and not storm" $(FOLDERS)

check: $(DEV) $(NODE) $(CATALOGUES) ## everything that reads the code without running the counter
	@$(MAKE) -k -j2 --output-sync=target check-types check-imports check-script-types \
		check-catalogues check-spelling check-wording check-format check-scripts check-vendor check-licences

check-format: $(DEV)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

check-imports: $(DEV)
	@$(BIN)/lint-imports --no-logo

check-types: $(DEV)
	@$(BIN)/mypy app

check-scripts:
	@node --test tests/js/

check-script-types: $(NODE)
	@node_modules/.bin/tsc -p jsconfig.json && echo "Types of the scripts: right."

check-catalogues: $(DEV)
	@$(BIN)/python tools/catalogues.py check

check-spelling: $(DEV) ## whether every word that people read is spelled right, in seven languages
	@$(BIN)/python tools/spelling.py check

check-wording: $(DEV) ## whether sentences are short and each thing has one name in each language
	@$(BIN)/python tools/wording.py check

check-vendor: ## compare the files of others with the sums they came with
	@grep -E '^[0-9a-f]{64}  ' static/vendor/VERSIONS.txt | (cd static/vendor && sha256sum -c --quiet -) \
		&& echo "Files of others: as they came."

check-licences: $(DEV) ## whether the licence of every component goes with ours
	@$(BIN)/python tools/components.py licences

sbom: $(RUNTIME) ## write what the house is made of, as CycloneDX, to build/sbom.json
	@mkdir -p build && $(BIN)/python tools/components.py sbom > build/sbom.json && echo "build/sbom.json"

audit: $(RUNTIME) ## ask PyPI and npm for known holes in what the lock files name (needs the network)
	@$(BIN)/uv tool run --quiet pip-audit --require-hashes --disable-pip -r requirements.txt
	@npm audit --omit=dev

bench: $(DEV) $(CATALOGUES) ## measure pages, bookings and waiting people
	@$(BIN)/python bench/run.py

bench-all: $(DEV) $(CATALOGUES) ## measure everything and write bench/RESULTS.md (an hour; SMALL=1: some, 15 minutes)
	@$(BIN)/python bench/results.py $(if $(SMALL),--small)

load: $(DEV) $(CATALOGUES) ## a busy day on SQLite and on PostgreSQL with Redis, with 1, 2 and 4 processes
	@$(BIN)/python bench/load.py

growth: $(DEV) $(CATALOGUES) ## how cost grows with visits, towns and people, drawn into bench/curves
	@$(BIN)/python bench/growth.py

bench-call: $(DEV) $(CATALOGUES) ## measure the call, on a good line and on a poor one
	@$(BIN)/python bench/call.py

bench-schedule: $(DEV) $(CATALOGUES) ## measure how full the schedule gets, its waits and its speed
	@$(BIN)/python bench/schedule.py

RUNS = 3
lighthouse: $(DEV) $(CATALOGUES) ## hold six pages to their budget with Lighthouse (RUNS=3; ONLY=marks: without times)
	@$(BIN)/python bench/lighthouse.py --hold --runs $(RUNS) $(if $(ONLY),--only $(ONLY))

MINUTES = 5
faults: $(DEV) $(CATALOGUES) ## break things under load and write build/faults.md (MINUTES=5 SEED=…)
	@$(BIN)/python -m tests.faults --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

access: $(DEV) $(NODE) $(CATALOGUES) ## look at every changed screen in every language, width and set of colours (MINUTES=600)
	@$(BIN)/python -m tests.journeys.access.matrix $(if $(filter command line,$(origin MINUTES)),--minutes $(MINUTES))

access-longer: $(DEV) $(NODE) $(CATALOGUES) ## look at every screen with texts 40 % longer than any of ours
	@$(BIN)/python -m tests.journeys.access.longer

access-today: $(DEV) $(NODE) $(CATALOGUES) ## each screen once, in the language, size and colours of the day
	@$(BIN)/pytest -n $(WORKERS) tests/journeys/access

kiosk-root: $(DEV) ## make a kiosk of a fresh Debian in a folder, as root (fetches 260 MB, takes minutes)
	@command -v debootstrap > /dev/null || { echo "apt-get install debootstrap" >&2; exit 1; }
	@$(BIN)/pytest -n 0 tests/kiosks/provisioning.py

translations: $(DEV) ## gather the sentences of the product into the seven catalogues
	@$(BIN)/python tools/catalogues.py update
	@$(MAKE) $(CATALOGUES)

# uv reads pyproject.toml; the commented command in each file is this target.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links $(UPGRADE)
lock: $(RUNTIME) ## write the lock files again (UPGRADE=--upgrade for newer versions)
	@$(COMPILE) pyproject.toml -o requirements.txt
	@$(COMPILE) pyproject.toml --group telemetry -c requirements.txt -o requirements-telemetry.txt
	@$(COMPILE) pyproject.toml --group dev -c requirements-telemetry.txt -o requirements-dev.txt
	@sed -n 's/^\(uv==[^ ]*\).*/\1/p' requirements-uv.txt > .venv/uv.in
	@$(COMPILE) --no-annotate .venv/uv.in -o requirements-uv.txt
	@npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

clean: ## remove what can be made again; the instance folder stays
	rm -rf .venv node_modules build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find app bench tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f translations/*/LC_MESSAGES/messages.mo

# --- installation ---------------------------------------------------------------------------

install-runtime: $(RUNTIME)
install-dev: $(DEV)
install-telemetry: ## install what runs the house, and OpenTelemetry (docs/telemetry.md)
	@PYTHON="$(PYTHON)" tools/install requirements-telemetry.txt
	@touch $(RUNTIME)

$(RUNTIME):
	@PYTHON="$(PYTHON)" tools/install requirements.txt
	@touch $@

$(DEV):
	@PYTHON="$(PYTHON)" tools/install requirements-dev.txt
	@touch $@ $(RUNTIME)

$(CATALOGUES): $(POS) | $(RUNTIME)
	@$(if $(POS),$(BIN)/pybabel --quiet compile --directory translations)
	@touch $@

$(NODE): package.json package-lock.json
	@npm ci --omit-lockfile-registry-resolved --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

apt-packages:
	@tools/install-apt apt-packages.txt
