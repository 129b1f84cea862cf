#!/bin/sh
# Make build/site of docs/: MkDocs Material, in an environment of its own beside it.
set -eu
cd "$(dirname "$0")/.."
tools=build/site-tools
[ -x "$tools/bin/mkdocs" ] || {
    .venv/bin/python -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check 'mkdocs-material>=9.6,<10'
}
"$tools/bin/mkdocs" build "$@"
