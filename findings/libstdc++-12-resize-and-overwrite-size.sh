#!/usr/bin/env bash
# libstdc++ 12.2 (Debian 12: libstdc++-12-dev 12.2.0-14+deb12u1), bits/basic_string.tcc, basic_string::resize_and_overwrite.
# https://gcc.gnu.org/git/?p=gcc.git;a=blob;f=libstdc++-v3/include/bits/basic_string.tcc;hb=refs/tags/releases/gcc-12.2.0
#
# Surprise: text.resize_and_overwrite(n, f) calls f(p, m) with an m larger than n when the text has to grow. The standard has m
# equal to n ([string.capacity]); here n goes by reference into _M_create, which doubles the capacity and leaves that in n. A
# function that writes up to m, or returns it, makes a text that is too long and has old bytes of the heap at its end; one that
# puts a mark at p[m - 1] puts it in the wrong place. It depends on the sizes before, so that small tests pass. Clang uses the same
# header. In libstdc++ 14 (Debian 13) m is n. Functions that use their own size and not m are right with both.
#
# The script compiles one program and compares both numbers. It ends with 1 when what it sees is no longer this.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

command -v g++ >/dev/null || { echo "this needs g++" >&2; exit 2; }
cat >sizes.cpp <<'CPP'
#include <cstddef>
#include <cstdio>
#include <string>
int main() {
  for (const std::size_t before : {5, 40}) {
    std::string text(before, 'x');
    const std::size_t wanted = text.capacity() + 2;
    std::size_t given = 0;
    text.resize_and_overwrite(wanted, [&](char*, std::size_t size) { return given = size; });
    std::printf("asked for %zu, the function got %zu, the text has %zu\n", wanted, given, text.size());
  }
}
CPP
g++ -std=c++23 sizes.cpp -o sizes
echo "GCC $(g++ -dumpfullversion)"
./sizes | tee seen

if grep -q '^asked for 42, the function got 80, the text has 80$' seen; then
  echo "as described"
else
  echo "no longer as described" >&2
  exit 1
fi
