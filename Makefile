# The only entry point: `make help` lists what there is.

# MODEL=path.gguf serves, or measures, another model than the built-in one.
MODEL ?=
NAME  ?=
CARGO ?= cargo
ARGS  ?=

export MODEL LLAMA_SERVER ROWS ROUNDS

# Compiling llama.cpp takes minutes; ccache makes it once per machine.
ifneq ($(shell command -v ccache 2>/dev/null),)
export CMAKE_C_COMPILER_LAUNCHER   := ccache
export CMAKE_CXX_COMPILER_LAUNCHER := ccache
endif

.PHONY: help setup run test lint bench streams attention performance openapi

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

setup: ## install what building needs (cmake, clang, libclang, ccache)
	@scripts/setup.sh

run: setup ## build in release and serve on 127.0.0.1:11434, with MODEL=path.gguf that model too
	@test -z "$(MODEL)" || test -f "$(MODEL)" || { echo "make: $(MODEL) is not there; name a GGUF file: make run MODEL=path.gguf" >&2; exit 1; }
	@echo "make: building the server (the first time takes some minutes)"
	@$(MAKE) --no-print-directory build-release
	@echo "make: serving; try: target/release/quipu run $(SERVED) 'Who are you?'"
	@exec target/release/quipu serve $(if $(MODEL),--model "$(MODEL)$(if $(NAME),$(COMMA)name=$(NAME))") $(ARGS)

# The name of what is served.
SERVED = $(or $(NAME),$(if $(MODEL),$(shell basename "$(MODEL)" .gguf | tr A-Z a-z),chasqui))

COMMA := ,

.PHONY: build-release
build-release:
	@$(CARGO) build --release --locked --bin quipu

test: ## run all tests
	@scripts/setup.sh tests
	@scripts/minilm.sh
	@scripts/clients.sh
	@echo "make: building and running all tests"
	@$(CARGO) test --workspace --locked $(ARGS)

lint: setup ## rustfmt, clippy with the ban list, cargo-deny
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	@command -v cargo-deny >/dev/null 2>&1 || { echo "make: installing cargo-deny"; $(CARGO) install cargo-deny --locked; }
	@$(CARGO) fetch --quiet --locked
	@$(CARGO) deny --offline check bans licenses sources

bench: setup ## criterion benches of the hot paths (ARGS=name filters)
	@$(CARGO) bench --locked $(ARGS)

streams: setup ## tokens per second of 1, 8, 32 streams of MODEL, beside bare llama.cpp
	@QUIPU_BENCH_MODEL="$(abspath $(or $(MODEL),models/chasqui/chasqui.gguf))" $(CARGO) bench --locked --bench streams $(ARGS)

attention: setup ## tokens per second with ggml's attention, Quipu's, and split pools, of MODEL
	@QUIPU_BENCH_MODEL="$(abspath $(or $(MODEL),models/chasqui/chasqui.gguf))" $(CARGO) bench --locked --package quipu-llama --bench attention $(ARGS)

performance: setup ## measure Quipu beside LLAMA_SERVER=path with MODEL, and draw a report (ROWS picks, see docs/performance.md)
	@$(MAKE) --no-print-directory build-release
	@scripts/performance.sh

openapi: setup ## write openapi/openapi.json
	@$(CARGO) run --quiet --locked --bin quipu -- openapi > openapi/openapi.json.new
	@mv openapi/openapi.json.new openapi/openapi.json
