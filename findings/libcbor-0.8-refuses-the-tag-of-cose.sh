#!/usr/bin/env bash
# libcbor 0.8.0 (Debian 12: libcbor-dev and libcbor0.8 0.8.0-2+b1), src/cbor/streaming.c, cbor_stream_decode.
# https://github.com/PJK/libcbor/tree/v0.8.0
#
# Surprise: a tag below 24 is one byte (RFC 8949 §3.4), and of these the decoder reads 0 to 5 and 21 to 23 only. 6 to 20 had no
# meaning in RFC 7049's first list, and are "unassigned" here: malformed data, for cbor_load and for the streaming decoder. COSE's
# messages begin with one of them (16, 17 and 18: RFC 9052 §2), so no tagged COSE_Sign1, such as a signature of the Notary
# Project in its second envelope, can be read. The library writes the same tags without complaint and refuses what it wrote
# itself. A tag of 24 or more, in two bytes, is read whatever it means.
#
# The script fetches the Debian packages into a temporary folder and lets the library write each tag from 0 to 30 around a small
# number, and read it back. It ends with 1 when what it sees is no longer this.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for tool in gcc apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || { echo "this needs $tool" >&2; exit 2; }
done
apt-get download -qq libcbor-dev libcbor0.8 >/dev/null 2>&1 || { echo "libcbor-dev cannot be downloaded: run apt-get update first" >&2; exit 2; }
for one in *.deb; do dpkg-deb -x "$one" package; done
echo "libcbor-dev $(dpkg-deb -f libcbor-dev_*.deb Version)"

cat >tags.c <<'C'
#include <cbor.h>
#include <stdio.h>

int main(void) {
  for (int tag = 0; tag <= 30; ++tag) {
    unsigned char bytes[16];
    cbor_item_t* written = cbor_build_tag(tag, cbor_build_uint8(7));
    size_t size = cbor_serialize(written, bytes, sizeof bytes);
    struct cbor_load_result result;
    cbor_item_t* read = cbor_load(bytes, size, &result);
    printf("%d:%s ", tag, read != NULL ? "read" : result.error.code == CBOR_ERR_MALFORMATED ? "malformed" : "refused");
  }
  printf("\n");
  return 0;
}
C
library=$(dirname "$(find "$work/package" -name 'libcbor.so.0.8')")
gcc -Ipackage/usr/include tags.c -L"$library" -lcbor -o tags
seen=$(LD_LIBRARY_PATH=$library ./tags)
echo "$seen"

wanted=""
for tag in $(seq 0 30); do
  if [ "$tag" -ge 6 ] && [ "$tag" -le 20 ]; then wanted+="$tag:malformed "; else wanted+="$tag:read "; fi
done
[ "$seen" = "$wanted" ] || { echo "changed" >&2; exit 1; }
echo "seen as described"
