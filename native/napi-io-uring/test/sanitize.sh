#!/usr/bin/env bash
# Every operation 500 times under AddressSanitizer and UBSan, then 100 times under valgrind: any report of theirs fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
make -s SAN=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/test"
cp -r index.js package.json "$folder"
cp -r test/programs "$folder/test"
cp -r build-san "$folder/build"
# Leaks are node's own at exit; ours show in the growth that cycle.mjs prints.
LD_PRELOAD="$(cc -print-file-name=libasan.so) $(cc -print-file-name=libubsan.so)" \
  ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1 node "$folder/test/programs/cycle.mjs" 7000
if ! command -v valgrind >/dev/null; then
  echo "valgrind is missing: apt-get install valgrind" >&2
  exit 3
fi
# V8's own code is full of what valgrind dislikes: count what names our addon.
valgrind --smc-check=all --log-file="$folder/valgrind" node --jitless test/programs/cycle.mjs 1400
if grep -B 8 -A 4 napi_io_uring "$folder/valgrind"; then exit 1; fi
