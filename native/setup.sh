#!/usr/bin/env bash
# Makes the checkout ready to run: system packages, npm packages, addons, TypeScript.
# `npm start` and `npm test` call it each time, so it is silent and quick when there is nothing to do, and then needs
# neither network, compiler nor a writable disk. Concurrent calls wait for one another.
# Environment: MPICC (default mpicc) is the compiler of the MPI whose mpirun will start the jobs.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."

stamp=dist/.setup
mpicc=${MPICC:-mpicc}
say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# Line 1: what the addons were built for. Line 2: what everything was made from.
fingerprint() {
  local compiler
  compiler=$(readlink -f "$(command -v "$mpicc")" 2>/dev/null) || compiler=
  if [ -z "$compiler" ] && [ -f "$stamp" ]; then
    # A compute node that runs the job need not have the compiler: what is built stays right.
    read -r _ compiler <"$stamp"
  fi
  printf '%s %s\n' "$(uname -m)" "$compiler"
  {
    node --version
    find package.json package-lock.json tsconfig.json src native -type f \
      -not -path '*/build/*' -not -path '*/build-san/*' -not -path '*/test/*' -not -path '*/bench/*' \
      -not -name '*.test.ts' -not -name '*.md' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
  } | sha256sum
}

addons_built() {
  local makefile
  for makefile in native/*/Makefile; do
    compgen -G "${makefile%/*}/build/*.node" >/dev/null || return 1
  done
}

dependencies_installed() {
  [ -e node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ]
}

ready() {
  dependencies_installed && addons_built && [ -f "$stamp" ] && [ "$(fingerprint)" = "$(cat "$stamp")" ]
}

# quietly WHAT COMMAND...: says what it does; shows the command's output only when it fails.
quietly() {
  local what=$1 output status=0
  shift
  say "$what"
  output=$("$@" 2>&1) || status=$?
  [ "$status" -eq 0 ] || printf '%s\n' "$output" >&2
  return "$status"
}

check_node() {
  command -v node >/dev/null || die "no node in the path: Node.js 20.19 or later is needed (https://nodejs.org)"
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
    die "Node.js $(node --version) is too old: 20.19 or later is needed"
}

# compiles COMPILER HEADER: a compiler without the headers is half a package.
compiles() { printf '#include <%s>\n' "$2" | "$1" -E -x c - >/dev/null 2>&1; }

# The Debian packages of what is missing, one a line.
missing_packages() {
  compiles cc stdlib.h || printf 'gcc\nlibc6-dev\n'
  command -v make >/dev/null || echo make
  compiles "$mpicc" mpi.h || echo libopenmpi-dev
  # Some sites start MPI by srun alone.
  { command -v mpirun || command -v srun; } >/dev/null && command -v "$mpicc" >/dev/null || echo openmpi-bin
  if ! command -v pkg-config >/dev/null; then
    printf 'pkg-config\nlibucx-dev\nliburing-dev\nlibhwloc-dev\n'
    return
  fi
  pkg-config --exists ucx || echo libucx-dev
  pkg-config --exists liburing || echo liburing-dev
  pkg-config --exists hwloc || echo libhwloc-dev
}

install_packages() {
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300
    install -y --no-install-recommends "$@")
  # Fresh machines have no package lists, old ones outdated lists: then the first attempt fails and the second counts.
  say "apt-get install $*"
  "${install[@]}" >/dev/null 2>&1 ||
    { quietly "apt-get update" apt-get update && quietly "apt-get install" "${install[@]}"; }
}

check_system() {
  local packages
  mapfile -t packages < <(missing_packages)
  [ "${#packages[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    install_packages "${packages[@]}" || true
    mapfile -t packages < <(missing_packages)
    [ "${#packages[@]}" -gt 0 ] || return 0
  fi
  cat >&2 <<END
setup: a C compiler, make, pkg-config, MPI, UCX, liburing and hwloc are needed, with their headers.
  missing here, as Debian packages:   ${packages[*]}
  on Debian or Ubuntu, as root:       apt-get install ${packages[*]}
  with Spack:                         spack install openmpi ucx liburing hwloc && spack load openmpi ucx liburing hwloc
  with environment modules, say:      module load gcc openmpi ucx liburing hwloc
  (MPICC=/path/to/mpicc chooses an MPI; PKG_CONFIG_PATH finds libraries outside of the system's folders)
END
  exit 1
}

# build_addons ENVIRONMENT: for what, as in line 1 of the stamp.
build_addons() {
  local make=(make -s) makefile package pid failed=0
  local -A running=()
  # An addon for another architecture or MPI looks up to date to make.
  if [ -f "$stamp" ] && [ "$(head -n 1 "$stamp")" != "$1" ]; then make+=(-B); fi
  for makefile in native/*/Makefile; do
    package=${makefile%/*}
    quietly "make $package" env MPICC="$mpicc" "${make[@]}" -C "$package" &
    running[$!]=$package
  done
  for pid in "${!running[@]}"; do
    wait "$pid" || { failed=1; say "${running[$pid]} was not built; once that is mended, run: make -C ${running[$pid]}"; }
  done
  return "$failed"
}

main() {
  local now
  check_node
  if ready; then return; fi
  { mkdir -p dist && [ -w dist ]; } 2>/dev/null ||
    die "$PWD cannot be written, and something has changed since it was built (or it never was)"
  exec 9>dist/.setup.lock
  # Some parallel file systems have no locks; alone it is safe without.
  flock 9 2>/dev/null || true
  if ready; then return; fi

  check_system
  # Taken before the build: a file that is edited meanwhile counts as not built.
  now=$(fingerprint)
  dependencies_installed || quietly "npm ci" npm ci --no-audit --no-fund ||
    die "npm ci failed: it needs the npm registry, or a cache that has all of package-lock.json"
  build_addons "${now%%$'\n'*}" || exit 1
  quietly "tsc" node_modules/.bin/tsc -p tsconfig.json || die "the TypeScript sources have errors"
  printf '%s\n' "$now" >"$stamp.new"
  mv "$stamp.new" "$stamp"
}

main
