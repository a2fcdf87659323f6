# `make demo` and `make test` set up everything they need; see README.md.
# Every step runs inside .venv, whatever the caller's environment says about Python or about this make.

JOBS ?= 2
DEMO := configs/demo.toml

unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP VIRTUAL_ENV
export PYTHONNOUSERSITE := 1
# The real path of the environment: .venv is a link where the path of the checkout has spaces.
RUN = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL "$$(cd .venv && pwd -P)/bin/python"

.PHONY: help demo test lint bench figures setup setup-tests clean

help:
	@echo 'make demo   generate, simulate and synthesise a 16x16 INT8 engine, and write an HTML report'
	@echo 'make test   lint, type check and run all tests (JOBS=$(JOBS))'
	@echo 'make lint   lint and type check only'
	@echo 'make bench  measure what the documentation claims'
	@echo 'make figures  measure the figures of README and docs, and write them into the pages'
	@echo 'make clean  remove .venv, build and caches'

demo: setup
	@$(RUN) -m gen.cli run $(DEMO)

test: setup-tests lint
	@$(RUN) -m pytest -n $(JOBS) --dist worksteal # each file in one process, as far as it goes

lint: setup
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

bench: setup
	@status=0; for each in bench/[!_]*.py; do \
	    $(RUN) -m bench.$$(basename $$each .py) || status=1; done; exit $$status

figures: setup
	@$(RUN) -m bench.figures

setup:
	@.ci/setup

setup-tests:
	@.ci/setup tests

clean:
	if [ -f .venv/bitloom-setup ]; then rm -rf "$$(cd .venv && pwd -P)"; fi
	rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
