#!/usr/bin/env bash
# mold 1.10.1 (Debian 12: mold 1.10.1+dfsg-1), --pack-dyn-relocs=relr and -z pack-relative-relocs, with glibc 2.36 (Debian 12); beside it GNU ld 2.40.
# https://github.com/rui314/mold/tree/v1.10.1
#
# Surprise: with either option, mold packs a program's relative relocations (DT_RELR) and links it without a word, and glibc,
# which reads such relocations since 2.36, refuses to start it: "DT_RELR without GLIBC_ABI_DT_RELR dependency". glibc demands
# the version GLIBC_ABI_DT_RELR among those that the program needs, so that an older glibc does not start it with half of its
# relocations undone; GNU ld adds it for -z pack-relative-relocs, mold 1.10.1 does not.
#
# The script fetches Debian's mold into a temporary folder, links one program in each way and starts it. It ends with 1 when
# what it sees is no longer this.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for tool in gcc readelf apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || { echo "this needs $tool" >&2; exit 2; }
done
apt-get download -qq mold=1.10.1+dfsg-1 >/dev/null 2>&1 || { echo "mold 1.10.1 cannot be downloaded: run apt-get update first, on Debian 12" >&2; exit 2; }
dpkg-deb -x mold_*.deb package
mkdir mold gnu
ln -s "$work/package/usr/bin/mold" mold/ld
ln -s "$(command -v ld.bfd)" gnu/ld
echo "$(package/usr/bin/mold --version), $(ld.bfd --version | head -1), glibc $(getconf GNU_LIBC_VERSION | cut -d' ' -f2)"

printf '#include <stdio.h>\nstatic const char* const names[] = {"started", "b", "c"};\nint main(int c, char** v) { (void)v; puts(names[(c - 1) %% 3]); return 0; }\n' >a.c
gcc -O1 -fPIE -c a.c
gcc -B mold -pie -Wl,--pack-dyn-relocs=relr a.o -o by_mold
gcc -B mold -pie -Wl,-z,pack-relative-relocs a.o -o by_mold_z
gcc -B gnu -pie -Wl,-z,pack-relative-relocs a.o -o by_gnu

shown() { printf '%s: packed %s, version %s, %s\n' "$1" "$(readelf -d "$1" | grep -c '(RELR)')" "$(readelf -V "$1" | grep -c GLIBC_ABI_DT_RELR)" "$(./"$1" 2>&1 || true)"; }
seen=$(shown by_mold; shown by_mold_z; shown by_gnu)
echo "$seen"
wanted='by_mold: packed 1, version 0, ./by_mold: error while loading shared libraries: ./by_mold: DT_RELR without GLIBC_ABI_DT_RELR dependency
by_mold_z: packed 1, version 0, ./by_mold_z: error while loading shared libraries: ./by_mold_z: DT_RELR without GLIBC_ABI_DT_RELR dependency
by_gnu: packed 1, version 1, started'
[ "$seen" = "$wanted" ] || { echo "changed" >&2; exit 1; }
echo "seen as described"
