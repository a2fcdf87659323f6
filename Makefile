# `make demo` and `make test` set up everything they need; see README.md.
# Every step runs inside .venv, whatever the caller's environment says about Python or about this make.

JOBS ?= 2
DEMO := configs/demo.toml

unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP VIRTUAL_ENV
export PYTHONNOUSERSITE := 1
# The real path of the environment: .venv is a link where the path of the checkout has spaces.
RUN = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL "$$(cd .venv && pwd -P)/bin/python"

.PHONY: help demo test lint bench bench-full figures setup setup-tests clean

help:
	@echo 'make demo   generate, simulate and synthesise a 16x16 INT8 engine, and write an HTML report'
	@echo 'make test   lint, type check and run all tests (JOBS=$(JOBS))'
	@echo 'make lint   lint and type check only'
	@echo 'make bench  judge what the documentation claims, on small engines, in a quarter of an hour'
	@echo 'make bench-full  the same as documented, for hours; it may be interrupted'
	@echo 'make figures  measure the figures of README and docs, and write them into the pages'
	@echo 'make clean  remove .venv, build and caches'

demo: setup
	@$(RUN) -m gen.cli run $(DEMO)

# Neighbours stay in one process, which builds once what they share.
test: setup-tests lint
	@$(RUN) -m pytest -n $(JOBS) --dist worksteal

lint: setup
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

bench: setup
	@$(RUN) -m bench quick --jobs $(JOBS)

bench-full: setup
	@$(RUN) -m bench full --jobs $(JOBS)

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
