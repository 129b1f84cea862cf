#!/bin/sh
# What the tests need beside Python: Node.js, the packages of tests/js, the screens' Socket.IO client, Chromium.
# Installs what it may (npm locally, Debian packages as root) and names what is missing.
# Under CI=true a missing piece fails.
set -eu

missing=""
debian() { # debian COMMAND PACKAGE...
    command -v "$1" >/dev/null && return 0
    name=$1
    shift
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        printf 'eventproof: installing %s\n' "$*" >&2
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null 2>&1 || true
    fi
    command -v "$name" >/dev/null || missing="$missing $name"
}

debian node nodejs
debian npm npm
debian chromium chromium

sh scripts/screens.sh || true
[ -e tests/js/node_modules/.installed-lock ] || missing="$missing tests/js/node_modules"
[ -e reference_server/screens/vendor/socket.io.esm.min.js ] || missing="$missing reference_server/screens/vendor"

if [ -n "$missing" ]; then
    printf 'eventproof: missing, so the tests that need them are skipped:%s\n' "$missing" >&2
    if [ "${CI:-}" = true ]; then
        printf 'eventproof: under CI=true nothing may be skipped\n' >&2
        exit 1
    fi
fi
