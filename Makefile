# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Needs git, make and one of Python 3.11 to 3.14. Everything else goes to .venv/ (environments) and build/ (results).
MAKEFLAGS += --no-print-directory
export PIP_DISABLE_PIP_VERSION_CHECK = 1

python_demo   = $(shell sh tests/find-python 3.13 3.12 3.11 3.14)
python_newest = $(python_demo)
python_oldest = $(shell sh tests/find-python 3.11 3.12 3.13 3.14)
python_lock   = $(python_demo)

in_newest = PATH="$(CURDIR)/.venv/newest/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/build/collections"

compose = ZITADEL_TEST_USER="$$(id -u):$$(id -g)" docker compose --file tests/compose.yml

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

demo: .venv/demo/ready ## build, install, and run a playbook against a fake ZITADEL, or the one of ZITADEL_URL, ZITADEL_TOKEN and ZITADEL_ORG_ID
	@.venv/demo/bin/python tests/demo.py

test: .venv/oldest/ready build/collections/ready ## run every check, on the oldest and the newest ansible-core; CHECKS="lint types" runs some
	@.venv/oldest/bin/python tests/checks.py $(CHECKS)

# Only ZITADEL_TEST_URL, ZITADEL_TEST_TOKEN and ZITADEL_TEST_KEY_FILE count: ZITADEL_URL may be that of a real business.
test-live: .venv/newest/ready build/collections/ready ## run the integration tests against the server of ZITADEL_TEST_URL and ZITADEL_TEST_TOKEN; TESTS="-k read" runs some
	@PYTHONPATH=tests $(in_newest) python -m live $(TESTS)

record: .venv/newest/ready ## record the answers of that server into build/recordings; NAME=v4.17.0 is its release
	@PYTHONPATH=tests .venv/newest/bin/python -m live.record $(NAME)

live-up: ## start a ZITADEL in containers (needs Docker); ZITADEL_TEST_RELEASE=v3.4.9 starts another release
	@mkdir -p build/zitadel
	@$(compose) up --detach --wait
	@echo "Ready. Now:"
	@echo "  export ZITADEL_TEST_URL=http://localhost:8080 ZITADEL_TEST_KEY_FILE=build/zitadel/key.json"
	@echo '  export ZITADEL_TEST_TOKEN="$$(cat build/zitadel/token)"'
	@echo "  make test-live"

live-down: ## remove the containers, with all data
	@$(compose) down --volumes
	@rm -rf build/zitadel

bench: .venv/newest/ready build/collections/ready ## measure the collection against ansible.builtin.uri and plain requests
	@$(in_newest) python tests/bench
	@$(in_newest) python tests/bench/many.py

docs: .venv/newest/ready build/collections/ready ## build the documentation site into build/docs/html
	@$(in_newest) sh docs/build

format: .venv/newest/ready ## format the code
	.venv/newest/bin/ruff format
	.venv/newest/bin/ruff check --fix

lock: ## update the exact versions in requirements/
	$(python_lock) -m venv --clear .venv/lock
	.venv/lock/bin/pip install --quiet uv
	mkdir -p build
	set -e; for name in demo oldest newest; do \
		.venv/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
			requirements/$$name.in --output-file build/$$name.txt; \
		{ echo "# Made from $$name.in by: make lock"; grep -v ^# build/$$name.txt; } > requirements/$$name.txt; \
	done

clean: ## remove .venv/ and build/
	rm -rf .venv build

# An environment is made anew when its lock file changes.
.venv/%/ready: requirements/%.txt
	@test -n "$(python_$*)" || { echo "No usable Python 3.11 or later found." >&2; exit 1; }
	@echo "Installing $< with $(python_$*) ..."
	@rm -rf .venv/$*
	@$(python_$*) -m venv .venv/$*
	@.venv/$*/bin/pip install --quiet --require-hashes --requirement $<
	@touch $@

# Ansible finds a collection by its folder's name only.
build/collections/ready:
	@mkdir -p build/collections/ansible_collections/community
	@ln -sfn ../../../.. build/collections/ansible_collections/community/zitadel
	@touch $@

.PHONY: help demo test test-live record live-up live-down bench docs format lock clean
.PRECIOUS: .venv/%/ready
