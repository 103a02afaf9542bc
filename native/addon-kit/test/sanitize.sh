#!/usr/bin/env bash
# sanitize.sh PACKAGE OPERATIONS: the package's test/programs/cycle.mjs with an addon built for AddressSanitizer and
# UBSan. Any report ends it with a status other than 0.
set -euo pipefail
native=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
package=$native/$1
make -s -C "$package" SAN=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/$1"
cp -r "$native/addon-kit" "$folder"
cp -r "$package"/*.js "$package/package.json" "$package/test" "$folder/$1"
cp -r "$package/build-san" "$folder/$1/build"
# Leaks are those of node at its exit and of libraries that are not instrumented; ours show in the growth of memory.
LD_PRELOAD="$(cc -print-file-name=libasan.so) $(cc -print-file-name=libubsan.so)" \
  ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1 \
  node "$folder/$1/test/programs/cycle.mjs" "$2"
