# make study · make test · make lint · make bench     (each sets up .venv first)

PYTHON ?= python3
CORES ?= $(shell nproc 2>/dev/null || echo 2)
BIN := .venv/bin
READY := .venv/.ready
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: setup study quick test lint bench lock clean

setup: $(READY)

$(READY): requirements.lock pyproject.toml workflow/setup.sh
	@bash workflow/setup.sh "$(PYTHON)"
	@touch $@

study: setup
	@snakemake --cores $(CORES)

quick: setup
	@mkdir -p studies/quick
	@snakemake -s Snakefile --directory studies/quick --configfile config/quick.yaml --cores $(CORES)

test: setup
	@python -m pytest tests

lint: setup
	@ruff check .
	@ruff format --check .
	@snakefmt --check --compact-diff Snakefile workflow/rules
	@mypy

bench: setup
	@for benchmark in benchmarks/bench_*.py; do python $$benchmark || exit 1; done

# Needs uv; writes the universal, hashed lock for Python 3.11 to 3.13, with no registry address in it.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --extra develop pyproject.toml --output-file requirements.lock
	$(BIN)/python workflow/write_environment.py > environment.yml

clean:
	rm -rf .venv build
