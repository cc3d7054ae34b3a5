#!/usr/bin/env bash
# RapidJSON 1.1.0 (Debian 12: rapidjson-dev 1.1.0+dfsg2-7.1), include/rapidjson/writer.h, ScanWriteUnescapedString.
# https://github.com/Tencent/rapidjson/tree/v1.1.0
#
# Surprise: RAPIDJSON_SSE2 and RAPIDJSON_SSE42 are documented as optimisations, but they change what Writer writes. The vectorized scan compares with 0x19 where JSON needs 0x1F, so the characters
# 0x1A to 0x1F (Escape among them) go out unescaped wherever a whole step of 16 bytes covers them. The scalar loop before and
# behind escapes them, so a test with short strings sees nothing. RapidJSON's own reader then refuses some of these texts and
# accepts others, by the address that a string happens to have, and every strict reader (here Python's) refuses all of them.
#
# The script fetches the Debian package into a temporary folder, writes one string of 40 characters with one Escape at each of 40
# places, with and without the flag, and lets two readers judge. It ends with 1 when what it sees is no longer this.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for tool in g++ python3 apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || { echo "this needs $tool" >&2; exit 2; }
done
apt-get download -qq rapidjson-dev >/dev/null 2>&1 || { echo "rapidjson-dev cannot be downloaded: run apt-get update first" >&2; exit 2; }
version=$(dpkg-deb -f rapidjson-dev_*.deb Version)
dpkg-deb -x rapidjson-dev_*.deb package
echo "rapidjson-dev $version"

cat >write.cpp <<'CPP'
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdio>
#include <string>

// One JSON text a line: {"reads": whether RapidJSON reads its own text, "text": the text, in hexadecimal}.
int main() {
  for (std::size_t at = 0; at < 40; ++at) {
    std::string text(40, 'a');
    text[at] = 0x1b;
    rapidjson::StringBuffer out;
    rapidjson::Writer<rapidjson::StringBuffer> writer(out);
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    rapidjson::Document back;
    back.Parse(out.GetString());
    std::printf("%d ", back.HasParseError() ? 0 : 1);
    for (const char* c = out.GetString(); *c != '\0'; ++c) std::printf("%02x", static_cast<unsigned char>(*c));
    std::printf("\n");
  }
}
CPP

cat >judge.py <<'PY'
import json, sys
raw = refused = own = 0
for line in sys.stdin:
    reads, text = line.split()
    text = bytes.fromhex(text).decode()
    raw += "\x1b" in text
    own += reads == "0"
    try:
        json.loads(text)
    except ValueError:
        refused += 1
print(f"of 40 texts: {raw} with a raw Escape, {refused} refused by Python, {own} refused by RapidJSON itself")
PY

plain=$(g++ -w -O1 -Ipackage/usr/include write.cpp -o plain && ./plain | python3 judge.py)
simd=$(g++ -w -O1 -DRAPIDJSON_SSE2 -Ipackage/usr/include write.cpp -o simd && ./simd | python3 judge.py)
echo "without the flag:     $plain"
echo "with RAPIDJSON_SSE2:  $simd"

[ "$plain" = "of 40 texts: 0 with a raw Escape, 0 refused by Python, 0 refused by RapidJSON itself" ] || { echo "changed: the plain writer" >&2; exit 1; }
# How many of them a step of 16 bytes covers depends on the address of the text; at least 16 of 40 characters always are.
read -r raw refused < <(sed -E 's/of 40 texts: ([0-9]+) with a raw Escape, ([0-9]+) refused by Python.*/\1 \2/' <<<"$simd")
[ "$raw" -ge 16 ] && [ "$raw" = "$refused" ] || { echo "changed: the writer with SIMD" >&2; exit 1; }
echo "seen as described"
