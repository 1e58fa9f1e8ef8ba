# Everything a newcomer needs. `make` alone lists the targets.
# Recipes quote every path and work from any folder with `make -C`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test lint type bench status stop setup lock messages schema agent-image controller-image

PYTHON := .venv/bin/python

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

run: ## Start the portal in the foreground, installing what is missing; Ctrl-C ends it
	@bin/setup run
	@exec "$(PYTHON)" -m dce_portal.launcher run

status: ## Show the portal's processes
	@[ -x "$(PYTHON)" ] || { echo 'The portal has never been started here; start it with `make run`.' >&2; exit 1; }
	@exec "$(PYTHON)" -m dce_portal.launcher status

stop: ## End a portal that runs in another terminal
	@[ -x "$(PYTHON)" ] || { echo 'The portal has never been started here.' >&2; exit 1; }
	@exec "$(PYTHON)" -m dce_portal.launcher stop

setup: ## Install everything for running and testing without starting anything
	@bin/setup run
	@bin/setup test

test: ## Run every test that this machine can run; ARGS='-k name' chooses
	@bin/setup test
	@exec "$(PYTHON)" -m pytest $(ARGS)

lint: ## Check style, imports, templates and spelling
	@bin/setup test
	@"$(PYTHON)" -m ruff check .
	@"$(PYTHON)" -m ruff format --check .
	@PATH="$(CURDIR)/.venv/bin:$$PATH" lint-imports
	@[ ! -d templates ] || "$(PYTHON)" -m djlint --quiet --lint templates
	@"$(PYTHON)" -m codespell_lib

type: ## Check types
	@bin/setup test
	@"$(PYTHON)" -m mypy

agent-image: ## Build the nodes' image with the Docker engine at hand; ARGS='--build-arg …'
	@exec bin/image agent $(ARGS)

controller-image: ## Build the portal's image, with the nodes' in it
	@exec bin/image controller $(ARGS)

bench: ## Run the benchmarks, each beside its peer
	@bin/setup test
	@exec bench/run

# The builder inside the engine is enough, and takes its files from a pipe.


schema: ## Write the API's description to docs/openapi.yaml
	@bin/setup test
	@"$(PYTHON)" -m dce_portal.launcher prepare
	@"$(PYTHON)" manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

messages: ## Gather the texts to translate (needs gettext) and compile the catalogues
	@bin/setup test
	@DJANGO_SETTINGS_MODULE=dce_portal.settings.test "$(PYTHON)" manage.py makemessages
	@bin/setup test

lock: ## Pin the requirements again, with hashes
	@bin/setup lock
	@.venv-tools/bin/uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-header --no-emit-index-url requirements/dev.in -o requirements/dev.txt
	@.venv-tools/bin/uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-header --no-emit-index-url -c requirements/dev.txt requirements/base.in -o requirements/base.txt
	@for name in node tools; do \
	  .venv-tools/bin/uv pip compile -q --universal --python-version 3.9 --generate-hashes --no-header --no-emit-index-url "requirements/$$name.in" -o "requirements/$$name.txt"; \
	done
