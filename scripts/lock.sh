#!/bin/sh
# Rewrite requirements.lock and scripts/site.lock from pyproject.toml: names, versions and hashes for every supported
# Python and platform, and no registry's address. Needs the network and `uv` (pip install uv).
set -eu
lock() {
    file=$1
    shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --output-file "$file" "$@"
}
lock requirements.lock --all-extras --group dev pyproject.toml "$@"
lock scripts/site.lock --group site "$@"
