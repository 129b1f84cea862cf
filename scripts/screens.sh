#!/bin/sh
# Puts the official Socket.IO client for browsers where the screens load it from: out of npm's package, in the version that
# tests/js/package-lock.json locks with its hash. It stands in no commit; a wheel that is built afterwards brings it.
set -eu

say() { printf 'eventproof: %s\n' "$*" >&2; }

lock=tests/js/package-lock.json
installed=tests/js/node_modules/.installed-lock
if ! cmp -s "$lock" "$installed"; then
    command -v npm >/dev/null || { say "the screens need npm once, for the official Socket.IO client: install Node.js with npm and run make screens again"; exit 1; }
    (cd tests/js && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    cp "$lock" "$installed"
fi
mkdir -p reference_server/screens/vendor
cp tests/js/node_modules/socket.io-client/dist/socket.io.esm.min.js reference_server/screens/vendor/
