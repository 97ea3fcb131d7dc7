#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs ./run COMMAND in a Debian 13 of its own, as root: tests/debian13.sh [COMMAND...], `check` unless named.
#
# build/debian13 is that Debian and keeps its packages and its build folder, so a second run is short and needs no
# network; build/debian13.debs keeps what was downloaded. Where ccache is here, its cache serves there too.
# tests/debian13.sh --make only makes the Debian, or says in a line why this machine cannot, and ends with 1.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD/build/debian13 debs=$PWD/build/debian13.debs tree=$PWD/build/debian13/vaultd

cannot() { echo "no Debian 13 here: $*"; exit 1; }

make_root() {
  ((EUID == 0)) || cannot "it needs root, for debootstrap and chroot"
  unshare --mount true 2>/dev/null || cannot "the kernel makes no mount namespaces"
  [[ ! -x $root/usr/bin/apt-get ]] || return 0
  [[ -x /usr/sbin/debootstrap ]] || install_debootstrap || cannot "debootstrap is not to be had, see build/debian13.log"
  echo "== making a Debian 13 in build/debian13" >&2
  rm -rf "$root.new"
  debootstrap --variant=minbase --include=ccache --cache-dir="$debs" trixie "$root.new" >build/debian13.log 2>&1 ||
    cannot "$(grep '^E:' build/debian13.log | tail -n 1)"
  echo force-unsafe-io >"$root.new/etc/dpkg/dpkg.cfg.d/unsafe-io"
  mv "$root.new" "$root"
}

install_debootstrap() {
  {
    apt-cache show debootstrap || apt-get update -q
    apt-get install -y -q --no-install-recommends debootstrap
  } >build/debian13.log 2>&1
}

# Copies what git tracks; a file that did not change keeps its time, so that nothing is built again for it.
copy_tree() {
  local file
  mkdir -p "$tree"
  git ls-files | LC_ALL=C sort >build/debian13.files
  (cd "$tree" && find . -path ./build -prune -o -type f -printf '%P\n') | LC_ALL=C sort |
    LC_ALL=C comm -13 build/debian13.files - | (cd "$tree" && xargs -r -d '\n' rm)
  while IFS= read -r file; do
    cmp -s "$file" "$tree/$file" || cp --parents "$file" "$tree"
  done <build/debian13.files
}

# Called in a mount namespace of its own: nothing stays mounted, however this ends.
enter() {
  local cache
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --bind "$debs" "$root/var/cache/apt/archives"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  if cache=$(ccache --get-config cache_dir 2>/dev/null) && mkdir -p "$cache" "$root/root/.cache/ccache"; then
    mount --bind "$cache" "$root/root/.cache/ccache"
  fi
  exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" /vaultd/run "$@"
}

mkdir -p build "$debs"
case ${1:-check} in
  --make) make_root ;;
  --enter) enter "${@:2}" ;;
  *)
    make_root >&2
    copy_tree
    exec unshare --mount "$PWD/tests/debian13.sh" --enter "${@:-check}"
    ;;
esac
