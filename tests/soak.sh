#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The large sizes, by hand, before anything is called done. Hours; each part alone by its name:
#
#   tests/soak.sh [hour [SECONDS] | crash [ROUNDS] | worlds [COUNT] | film [MIB] | pages | oracle [SEED] | fuzz [SECONDS] | nonce | disk | mutants | debian13]
#
#   hour       two devices of ten local programs each, a server that comes and goes, for so long (3600), with the
#              release programs: nothing answered is lost, memory and files stay flat; build/soak/ has the curves
#   crash      so many rounds (10000) of killing two writing daemons and their server; goes on where it was stopped:
#              build/soak/crash.json
#   worlds     so many worlds (3000) in which everything happens to three devices at once, each by a seed; build/soak/worlds has what broke
#   film       a large value of so many MiB (4096): written, sent, fetched, with deaths, and the memory of all watched
#   pages      withholds each of two hundred pages, compares each of a hundred thousand items
#   oracle     changes ten thousand answers of a server, by the dice of a seed (1), and foretells what daemons send
#   fuzz       lets every fuzzer run for so long (3600)
#   nonce      the scenarios of ./run nonce in their large sizes
#   disk       a thousand edits of a database, and many more copies of it under writes
#   mutants    takes one defence away at a time, and looks whether its test turns red
#   debian13   passes all of ./run test in a Debian 13 of its own (root, and a network): ./run debian13 test
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONDONTWRITEBYTECODE=1
python=/usr/bin/python3

built() { cmake --preset test >/dev/null && cmake --build --preset test; }

hour() {
  cmake --preset release >/dev/null && cmake --build --preset release
  $python tests/soak_hour.py build/release "${1:-3600}"
}

crash() {
  built
  $python tests/soak_crash.py build/test "${1:-10000}"
}

film() {
  built
  VAULT_SOAK=1 VAULT_FILM_MIB="${1:-4096}" $python tests/e2e/four_gigabyte_film.py build/test
}

worlds() {
  built
  $python tests/soak_worlds.py build/test "${1:-3000}"
}

pages() {
  built
  VAULT_SOAK=1 $python tests/e2e/withheld_pages.py build/test
  VAULT_SOAK=1 $python tests/e2e/odd_values_and_limits.py build/test
}

oracle() {
  built
  VAULT_SOAK=1 VAULT_ORACLE_SEED="${1:-1}" $python tests/hostile/no_oracle.py build/test
}

nonce() { VAULT_SOAK=1 ./run nonce; }

disk() {
  built
  VAULT_SOAK=1 $python tests/e2e/a_database_is_damaged.py build/test
}

mutants() { ./run mutants; }

fuzz() { ./run fuzz "${1:-3600}"; }

debian13() { ./run debian13 test; }

part=${1:-all}
shift || true
case $part in
  hour | crash | worlds | film | pages | oracle | fuzz | nonce | disk | mutants | debian13) "$part" "$@" ;;
  all) hour && crash && worlds && film && pages && oracle && fuzz && nonce && disk && mutants && debian13 ;;
  *) sed -n '3,19s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
