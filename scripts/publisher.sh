#!/bin/sh
# Put the name of whoever publishes this in every place that shows it: sh scripts/publisher.sh NAME
# The name that is there now is the one in pyproject.toml's Repository.
set -eu
cd "$(dirname "$0")/.."
new=${1:?"say the name: sh scripts/publisher.sh NAME"}
now=$(sed -n 's|^Repository = "https://github.com/\([^/]*\)/eventproof"$|\1|p' pyproject.toml)
git grep -lF "$now/eventproof" | xargs sed -i "s|$now/eventproof|$new/eventproof|g"
