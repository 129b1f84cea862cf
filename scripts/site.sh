#!/bin/sh
# Make build/site of docs/: MkDocs Material, in an environment of its own beside it.
# Exit code 1: a link of a page leads nowhere; 3: MkDocs is not to be had.
set -eu
cd "$(dirname "$0")/.."
tools=build/site-tools
[ -x "$tools/bin/mkdocs" ] || {
    .venv/bin/python -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
        -r scripts/site.lock || { echo "eventproof: the site is not built: MkDocs cannot be installed here" >&2; exit 3; }
}
NO_MKDOCS_2_WARNING=1 "$tools/bin/mkdocs" build "$@"
