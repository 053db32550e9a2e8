#!/bin/sh
# Prepares what the app needs, and becomes the app. `exec` matters: with it the app gets SIGTERM itself. Without it
# everything works too, because the whole process group is told to end.
set -eu
cd "$(dirname "$0")"
echo "listening on $PORT with $*"
GREETING=$2 exec node server.js
