#!/bin/sh
# Rewrite requirements.lock from pyproject.toml: names, versions and hashes for every supported
# Python and platform, and no registry's address. Needs the network and `uv` (pip install uv).
set -eu
uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-header --no-annotate --no-emit-index-url --all-extras --group dev pyproject.toml --output-file requirements.lock "$@"
