# What a person types. `make` alone lists it.
#
# ARGS="..." goes on to the program that is started: make run ARGS="--listen 127.0.0.1:9000".

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

CARGO ?= cargo
export CARGO
ARGS ?=
TARGET := $(or $(CARGO_TARGET_DIR),target)

# ---- what people type ------------------------------------------------------------------------------------------

.PHONY: help
help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: setup-run pages ## build everything and start Deskhand at 127.0.0.1:8000 (ARGS="--listen ...")
	$(CARGO) build --release -p deskhand
	exec $(TARGET)/release/deskhand serve $(ARGS)

.PHONY: demo
demo: setup-run pages ## the same with a filled workspace, in a data directory of its own
	$(CARGO) build --release -p deskhand
	exec $(TARGET)/release/deskhand serve --demo --data-dir ./deskhand-data/demo $(ARGS)

.PHONY: test
test: setup brokers validators pages test-pages tests/story/node_modules/.installed ## every test: the page's, the crates', and the whole system's with real databases and a browser
	$(CARGO) test --workspace $(ARGS)
	$(CARGO) build -p deskhand
	node tests/story/story.mjs

.PHONY: test-api
test-api: setup-run pages ## send the running API what its contract allows and what it does not (schemathesis, two minutes)
	scripts/schemathesis

.PHONY: test-fleet
test-fleet: setup brokers pages ## the fleet at length: its scaling beside the controllers' own code, the chart, a real API, the image (needs Go; ARGS="COUNT SEED")
	tests/fleet/compare $(ARGS)
	scripts/validators all
	DESKHAND_CHARTS=$${DESKHAND_CHARTS:-100} $(CARGO) test -p deskhand-deploy --test it
	tests/fleet/judge
	$(CARGO) build -p deskhand
	node tests/fleet/cluster.mjs
	$(CARGO) build --release -p deskhand
	tests/fleet/image

# How much of each: rounds of kill -9 on each log, outages, pauses, restarts of everything, letters replayed.
chaos: export DESKHAND_ROUNDS ?= 200
chaos: export DESKHAND_OUTAGES ?= 50
chaos: export DESKHAND_PAUSES ?= 100
chaos: export DESKHAND_RESTARTS ?= 10
chaos: export DESKHAND_LETTERS ?= 10000
.PHONY: chaos
chaos: setup brokers pages ## kill, cut, pause and restart everything for an hour or two, and look at every record
	$(CARGO) test --workspace --no-run
	$(CARGO) test --workspace --test it -- --test-threads 1 chaos:: broker:: letters:: $(ARGS)

.PHONY: check
check: setup-run pages check-format check-code check-pages check-dependencies check-generated ## everything about the code that is not a test: format, lints, docs, licences, generated files

.PHONY: bench
bench: setup brokers pages benches/peers/node_modules/.installed ## measure speed and memory with release builds
	$(CARGO) build --release -p deskhand
	$(CARGO) run --release -p benches -- $(ARGS)

.PHONY: fmt
fmt: web/node_modules/.installed ## format all code
	$(CARGO) fmt --all
	cd web && npm run --silent fmt
	cd tests/story && ../../web/node_modules/.bin/biome check --write .
	cd tests/fleet && ../../web/node_modules/.bin/biome check --write .

.PHONY: generate
generate: web/node_modules/.installed ## write openapi.json and the page's API types anew
	scripts/generated write

.PHONY: validators
validators: ## install helm and what judges manifests
	scripts/validators

.PHONY: brokers
brokers: ## install the brokers that the tests start
	scripts/brokers

.PHONY: setup
setup: ## check that this machine has what building and testing need, and install it where that is possible
	@scripts/setup test

# ---- the parts of it -------------------------------------------------------------------------------------------

.PHONY: setup-run
setup-run:
	@scripts/setup run

# The page and the widget. The binary carries both, so they come before it.
.PHONY: pages
pages: web/dist/index.html web/widget/dist/widget.js

# npm removes what it does not know, so the stamp lives and dies with the folder that it vouches for.
web/node_modules/.installed: web/package-lock.json web/package.json
	cd web && npm ci --no-audit --no-fund
	touch $@

web/widget/node_modules/.installed: web/widget/package-lock.json web/widget/package.json
	cd web/widget && npm ci --no-audit --no-fund
	touch $@

tests/story/node_modules/.installed: tests/story/package-lock.json tests/story/package.json
	cd tests/story && npm ci --no-audit --no-fund
	touch $@

benches/peers/node_modules/.installed: benches/peers/package-lock.json benches/peers/package.json
	cd benches/peers && npm ci --no-audit --no-fund
	touch $@

PAGE := $(shell find web/src web/public -type f) web/index.html web/tsconfig.json web/vite.config.ts
web/dist/index.html: web/node_modules/.installed $(PAGE)
	cd web && npm run --silent build
	touch $@

WIDGET := $(shell find web/widget/src -type f) web/widget/build.mjs web/widget/tsconfig.json
web/widget/dist/widget.js: web/widget/node_modules/.installed $(WIDGET)
	cd web/widget && npm run --silent build
	touch $@

.PHONY: test-pages
test-pages: web/node_modules/.installed web/widget/node_modules/.installed
	cd web && npm test
	cd web/widget && npm test

.PHONY: check-format
check-format:
	$(CARGO) fmt --all --check
	if command -v shellcheck >/dev/null; then shellcheck $$(find scripts -maxdepth 1 -type f) .ci/run tests/fleet/cluster-dev tests/fleet/compare; fi

.PHONY: check-code
check-code: pages
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps
	pending=$$(find $(wildcard crates tests benches) -name '*.snap.new'); if [[ -n $$pending ]]; then \
	  echo "snapshots that nobody has looked at:" >&2; echo "$$pending" >&2; exit 1; fi

.PHONY: check-pages
check-pages: web/node_modules/.installed web/widget/node_modules/.installed
	cd web && npm run --silent check
	cd web/widget && npm run --silent check --if-present
	cd tests/story && ../../web/node_modules/.bin/biome check .
	cd tests/fleet && ../../web/node_modules/.bin/biome check .

.PHONY: check-dependencies
check-dependencies:
	scripts/dependencies

.PHONY: check-generated
check-generated: pages
	scripts/generated check
