# make demo   sets everything up and shows the main job, without a cluster
# make test   sets everything up and runs the tests
# make bench  measures what the daemon costs: BENCH_ARGS="--only reading webhook --runs 3"
# make check  lint, types and layers
# make operator-types installs the Prometheus Operator's types, which some tests need
# make docs   writes the reference from the code; make pictures draws the pictures of the docs anew
# make manifests  renders what is applied as one file
# make format formats the code; make lock renews the locked dependencies; make clean removes what was set up
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
PYTEST_ARGS ?=
BENCH_ARGS ?=
# What an image holds, and no more: a library may import a development tool that it finds.
BENCH := build/bench

.PHONY: demo test bench check lint types layers operator-types docs pictures manifests format lock clean help

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

# Debian ships python3 without ensurepip: where that is so and we may, install it, else say what to install.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing python3-venv ..."; log=$$(mktemp); \
	    { apt-get update && apt-get install -y --no-install-recommends python3-venv; } >$$log 2>&1 || { cat $$log >&2; exit 1; }; \
	    rm $$log; \
	  else echo "python3-venv is missing: sudo apt-get install python3-venv" >&2; exit 1; fi; \
	  $(PYTHON) -m venv $(VENV); }

$(VENV)/runtime: requirements.lock pyproject.toml | $(BIN)/pip
	@echo "Installing the dependencies into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/dev: requirements-dev.lock $(VENV)/runtime
	@echo "Installing the development tools into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/runtime
	@$(BIN)/kube-wecom-eventer demo $(ARGS)

test: $(VENV)/dev
	$(BIN)/pytest -n auto $(PYTEST_ARGS)

$(BENCH)/ready: requirements.lock $(VENV)/dev
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BENCH)/bin/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

bench: $(BENCH)/ready
	$(BIN)/python -m benchmarks --python $(BENCH)/bin/python --json build/benchmarks.json $(BENCH_ARGS)

check: lint types layers

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev
	$(BIN)/mypy

layers: $(VENV)/dev
	$(BIN)/lint-imports

operator-types:
	@mkdir -p build/operator-types
	@cp tests/manifests/operator/package.json tests/manifests/operator/package-lock.json build/operator-types
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --prefix build/operator-types

docs: $(VENV)/dev
	$(BIN)/python -m tools.reference

pictures: $(VENV)/dev
	$(BIN)/python -m tools.pictures

# The kustomizations stay the source; a test compares these with what they render.
manifests:
	@$(call render,manifests,install.yaml)
	@$(call render,examples/namespace-routes,install-namespace-routes.yaml)

define render
{ echo "# Rendered from $(1) by 'make manifests'; docs/install.md says how to apply it, and which name of the image to write."; \
  kubectl kustomize $(1); } >manifests/$(2).new && mv manifests/$(2).new manifests/$(2) || { rm -f manifests/$(2).new; exit 1; }
endef

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/dev
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  pyproject.toml -o requirements.lock $(LOCK_ARGS)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --extra apprise -c requirements.lock pyproject.toml -o requirements-apprise.lock $(LOCK_ARGS)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --extra apprise --extra dev -c requirements-apprise.lock pyproject.toml -o requirements-dev.lock $(LOCK_ARGS)

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
