# The menu. CI runs these targets; so can you.
#
#   make demo          set everything up and schedule an example cluster
#   make test          set everything up and pass every test
#   make test-fast     the tests you run while you work
#   make control-plane the real control plane that the tests run, built once (needs Go; KUBEBUILDER_ASSETS=DIR instead;
#                      KUBERNETES=1.34 for another minor)
#   make test-minors   the live tests on a real control plane of each minor (MINORS="1.36 1.37" for some of them)
#   make guests        the Rust example plugins, into target/guests (adds the wasm32-unknown-unknown target if need be)
#   make guests-tests  the ones of them that tests use anew, into tests/guests
#   make plugins-test  tests of the Rust SDK, its examples and the catalogue
#   make catalogue     the plugins of the catalogue with their index, into target/catalogue-plugins: --catalogue file://...
#   make build         the release build, into target/release (CATALOGUE=yes: with the plugins of the catalogue in it)
#   make bindings      the Rust SDK's bindings anew, from plugins/wit
#   make test-go       the tests of the Go SDK and of the plugins in Go (needs Go; a part of make test)
#   make guests-go     the plugins in Go of plugins/examples, as target/guests/NAME-go.wasm (needs Go; a part of make guests)
#   make check         formatting and lints
#   make conformance   recorded decisions of the real kube-scheduler, of each minor (CONFORMANCE="DIR DIR" for others, KUBERNETES=1.37 where
#                      their README does not say the minor, CASE=name for one), and of scheduler-plugins' plugins against the catalogue's
#   make bench         criterion benches, then workloads (WORKLOAD=basic, SIZE=, RUNS=6 and NAME= for some of them; benches/README.md)
#   make openb         GPUFragmentation on the traces in OPENB=DIR (Alibaba's cluster-trace-gpu-v2023), beside the published figures of FGD
#   make bench-live    side by side with the real kube-scheduler, on a real API server
#   make bench-peer    the same workloads with Longshore and with the real kube-scheduler in process (needs Go; BENCH='--name NAME B2')
#   make bench-peer-test tests of the program that drives kube-scheduler (needs Go; compiles all of the scheduler)
#   make properties    the random tests with other cases and many more (CASES=20000 of each): finds what is rare, takes half an hour
#   make fuzz          fuzz the readers of manifests and profiles and the host of plugins (SECONDS=600 each; needs a nightly toolchain)
#   make install-yaml  charts/install.yaml, the golden files and the table of values anew, from the chart (needs helm)
#   make docs          API documentation
#   make release       what is published of a version, into target/dist: static binaries, checksums, list of components, image, chart, krew
#                      manifest (needs Go and Python; RELEASE_URL=https://... where the archives will be, RELEASE_ARCHS=amd64 for one)

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CONFORMANCE ?= $(wildcard ../shared/conformance ../shared/conformance-1.37 ../shared/conformance-dra)
CATALOGUE_CASES ?= $(wildcard ../shared/conformance-plugins)
CASE ?=
KUBERNETES ?=
MINORS ?= 1.34 1.35 1.36 1.37
empty :=
space := $(empty) $(empty)
BENCH ?=
WORKLOAD ?=
SIZE ?=
RUNS ?=
NAME ?=
SECONDS ?= 600
CASES ?= 20000
# Built for `make demo`: without optimisation, in a third of the time.
DEMO = $${CARGO_TARGET_DIR:-target}/demo/longshore

.PHONY: help setup build demo control-plane test test-fast test-go guests guests-go guests-tests plugins-test catalogue bindings check conformance bench openb bench-live bench-peer bench-peer-test properties fuzz install-yaml docs release clean

help:
	@sed -n 's/^#   //p' Makefile

# rustup installs the toolchain that rust-toolchain.toml names on first use; where it does not, this does.
setup:
	@command -v cargo >/dev/null || { echo "error: cargo is not installed; get it from https://rustup.rs" >&2; exit 1; }
	@if command -v rustup >/dev/null; then rustup show active-toolchain >/dev/null 2>&1 || rustup toolchain install; fi

# Released programs carry the catalogue; it takes a second build, for wasm32-unknown-unknown.
CATALOGUE ?=
build: setup $(if $(CATALOGUE),catalogue)
	$(if $(CATALOGUE),LONGSHORE_CATALOGUE_DIR=$${CARGO_TARGET_DIR:-$(CURDIR)/target}/catalogue-plugins) \
		LONGSHORE_COMMIT=$${LONGSHORE_COMMIT:-$$(git describe --always --abbrev=12 --dirty=-changed --exclude='*' 2>/dev/null || true)} \
		cargo build --release --locked -p longshore-cli $(if $(CATALOGUE),--features longshore-cli/catalogue)

demo: setup
	cargo build --profile demo --locked -p longshore-cli
	$(DEMO) simulate -f examples/cluster -f examples/workload
	@echo
	$(DEMO) explain shop/recommender -f examples/cluster -f examples/workload

# Does nothing when the binaries are there, and when KUBEBUILDER_ASSETS names a folder that has them.
control-plane:
	@KUBERNETES=$(KUBERNETES) tests/control-plane/build.sh

.PHONY: test-minors
# One after the other, each with the control plane of its minor; the first that fails ends it.
test-minors: setup
	@for minor in $(MINORS); do \
		folder=$${XDG_CACHE_HOME:-$$HOME/.cache}/longshore/control-plane-$$minor; \
		KUBERNETES=$$minor LONGSHORE_CONTROL_PLANE=$$folder tests/control-plane/build.sh || exit 1; \
		echo "Kubernetes $$minor"; \
		LONGSHORE_CONTROL_PLANE=$$folder KUBERNETES=$$minor \
			cargo test --workspace --locked --features longshore-tests/live --test live || exit 1; \
	done

test: setup control-plane test-go plugins-test
	LONGSHORE_BINARY=$${CARGO_TARGET_DIR:-$(CURDIR)/target}/debug/longshore \
		cargo test --workspace --locked --features longshore-tests/live

test-fast: setup
	cargo test --workspace --locked --lib --tests

guests: setup
	plugins/guests.sh $${CARGO_TARGET_DIR:-$(CURDIR)/target}/guests

guests-tests: setup
	UPDATE_EXPECT=1 cargo test -q --locked --workspace --test guests

plugins-test: setup
	cd plugins && CARGO_TARGET_DIR=$${CARGO_TARGET_DIR:-$(CURDIR)/target}/plugins cargo test --locked --quiet
	cd plugins/catalogue && CARGO_TARGET_DIR=$${CARGO_TARGET_DIR:-$(CURDIR)/target}/catalogue cargo test --locked --quiet

catalogue: setup
	plugins/catalogue.sh $${CARGO_TARGET_DIR:-$(CURDIR)/target}/catalogue-plugins

bindings: setup
	CARGO_TARGET_DIR=$${CARGO_TARGET_DIR:-$(CURDIR)/target}/bindgen cargo run --quiet --locked --manifest-path plugins/sdk/rust/bindgen/Cargo.toml

test-go:
	@command -v go >/dev/null || { echo "skipped: there is no go command"; exit 0; }; \
	for module in plugins/sdk/go plugins/examples/go; do \
		(cd $$module && test -z "$$(gofmt -l . | tee /dev/stderr)" && go vet ./... && go test ./... && \
			GOOS=wasip1 GOARCH=wasm go vet -unsafeptr=false ./...); \
	done

guests: guests-go
guests-go: setup
	@command -v go >/dev/null || { echo "skipped: there is no go command"; exit 0; }; \
	target=$${CARGO_TARGET_DIR:-$(CURDIR)/target} && mkdir -p $$target/guests && \
	cargo build --quiet --locked --workspace --bin componentize && \
	for main in plugins/examples/go/*/main.go; do \
		name=$$(basename $$(dirname $$main)) && core=$$target/guests/$$name-go.core.wasm && \
		(cd plugins/examples/go && GOOS=wasip1 GOARCH=wasm CGO_ENABLED=0 \
			go build -buildmode=c-shared -trimpath "-ldflags=-s -w" -o $$core ./$$name) && \
		$$target/debug/componentize $$core $$target/guests/$$name-go.wasm && rm $$core && \
		echo "$$target/guests/$$name-go.wasm"; \
	done

check: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked --features longshore-tests/live -- -D warnings
	cd plugins/catalogue && cargo fmt --all --check && \
		CARGO_TARGET_DIR=$${CARGO_TARGET_DIR:-$(CURDIR)/target}/catalogue cargo clippy --all-targets --locked -- -D warnings

conformance: setup
	KUBERNETES=$(KUBERNETES) $(if $(CONFORMANCE),LONGSHORE_CONFORMANCE=$(subst $(space),:,$(strip $(abspath $(CONFORMANCE))))) cargo test -q --locked -p longshore-tests --test conformance -- $(CASE)
	$(if $(CATALOGUE_CASES),LONGSHORE_CATALOGUE_CASES=$(abspath $(CATALOGUE_CASES))) cargo test -q --locked -p longshore-tests --test catalogue -- $(CASE)

bench: setup
	$(if $(WORKLOAD),,cargo bench --locked -p longshore-benches --bench parts -- --warm-up-time 0.5 --measurement-time 2)
	cargo bench --locked -p longshore-benches --bench workloads -- $(WORKLOAD) \
		$(if $(SIZE),--size $(SIZE)) $(if $(RUNS),--runs $(RUNS)) $(if $(NAME),--name $(NAME))

openb: catalogue
	@test -n "$(OPENB)" || { echo "error: OPENB names the folder with the CSV files: make openb OPENB=DIR" >&2; exit 1; }
	cargo bench --locked -p longshore-benches --bench openb -- $(abspath $(OPENB)) \
		--catalogue $${CARGO_TARGET_DIR:-$(CURDIR)/target}/catalogue-plugins $(BENCH)

bench-live: build control-plane
	LONGSHORE_BINARY=$${CARGO_TARGET_DIR:-$(CURDIR)/target}/release/longshore \
		cargo bench --locked -p longshore-benches --bench side-by-side -- $(BENCH)

# Compiles kube-scheduler the first time, which takes minutes; so it is not a part of make test.
bench-peer: setup
	@command -v go >/dev/null || { echo "skipped: there is no go command to build kube-scheduler with"; exit 0; }; \
	cd benches/peer && go run ./cmd/versus $(BENCH)

bench-peer-test:
	@command -v go >/dev/null || { echo "skipped: there is no go command"; exit 0; }; \
	cd benches/peer && test -z "$$(gofmt -l . | tee /dev/stderr)" && go vet ./... && go test ./...

properties: setup
	PROPTEST_RNG_SEED=$$RANDOM$$RANDOM PROPTEST_CASES=$(CASES) RUST_BACKTRACE=0 \
		cargo test --locked -p longshore-tests --test it -- properties::

fuzz: setup
	cd tests/fuzz && for target in manifest profile wasm; do \
		cargo +nightly fuzz run --fuzz-dir . $$target corpus/$$target -- -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=4096; \
	done

install-yaml: setup
	UPDATE_EXPECT=1 cargo test -q --locked -p longshore-tests --test it -- chart::

docs: setup
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

release: setup
	release/build.sh

clean:
	cargo clean
