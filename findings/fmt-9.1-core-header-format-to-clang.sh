#!/usr/bin/env bash
# {fmt} 9.1.0 (Debian 12: libfmt-dev 9.1.0+ds1-2, built by GCC 12), include/fmt/core.h, detail::vformat_to; Clang 19.1.7.
# https://github.com/fmtlib/fmt/blob/9.1.0/include/fmt/core.h
#
# Surprise: a source that includes <fmt/core.h> alone and calls fmt::format_to(std::back_inserter(text), ...) compiles with GCC
# and with Clang, and links with the distribution's shared library only when GCC compiled it. core.h declares
# detail::vformat_to<char> and leaves it to the library; its signature holds a dependent std::is_same<...>::value, which GCC 12
# and Clang mangle differently (sr St7is_same... against sr3std7is_same...), so that the library's symbol is not the one that
# Clang asks for. fmt::format and fmt::print of core.h link with both, and so does format_to once <fmt/format.h> is included,
# since that header has the definition. A product that is built by GCC and tested by Clang with sanitizers meets it at the last step.
#
# The script fetches the Debian packages into a temporary folder, compiles one function three ways and looks at the symbols. It
# ends with 1 when what it sees is no longer this.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for tool in g++ clang++-19 nm apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || { echo "this needs $tool" >&2; exit 2; }
done
apt-get download -qq libfmt-dev libfmt9 >/dev/null 2>&1 || { echo "libfmt-dev and libfmt9 cannot be downloaded: run apt-get update first" >&2; exit 2; }
echo "libfmt-dev $(dpkg-deb -f libfmt-dev_*.deb Version), GCC $(g++ -dumpfullversion), Clang $(clang++-19 -dumpversion)"
for package in *.deb; do dpkg-deb -x "$package" root; done
libraries=$(dirname "$(find root -name 'libfmt.so.9*' | head -1)")

write() {
  cat <<CPP
#include <fmt/$1.h>
#include <iterator>
#include <string>
int main() {
  std::string out;
  fmt::format_to(std::back_inserter(out), "{}-{}", 1, 2);
  return out == "1-2" ? 0 : 1;
}
CPP
}
write core >core.cpp
write format >format.cpp

# links COMPILER SOURCE: whether it compiles, links and gives the right text.
links() {
  "$1" -std=c++20 -Iroot/usr/include -c "$2.cpp" -o "$2.o"
  "$1" "$2.o" -L"$libraries" -l:libfmt.so.9 -Wl,-rpath,"$PWD/$libraries" -o "$2" 2>"$2.errors" && ./"$2" && echo yes || echo no
}
asked() { nm core.o | sed -n 's/.*U \(.*vformat_toIcE.*\)/\1/p'; }

gcc_core=$(links g++ core)
gcc_asks=$(asked)
clang_core=$(links clang++-19 core)
clang_asks=$(asked)
clang_format=$(links clang++-19 format)
has=$(nm -D "$libraries"/libfmt.so.9 | grep -o '_ZN3fmt.*vformat_toIcE.*')

echo "core.h, GCC:     links: $gcc_core"
echo "core.h, Clang:   links: $clang_core   ($(grep -c 'undefined' core.errors || true) undefined)"
echo "format.h, Clang: links: $clang_format"
different() { local rest=${1#*conditionalI}; echo "...conditionalI${rest:0:20}..."; }
echo "GCC asks for     $(different "$gcc_asks")"
echo "Clang asks for   $(different "$clang_asks")"
echo "the library has  $(different "$has")"

if [ "$gcc_core" = yes ] && [ "$clang_core" = no ] && [ "$clang_format" = yes ] && [ "$gcc_asks" = "$has" ] && [ "$clang_asks" != "$has" ]; then
  echo "as described"
else
  echo "no longer as described" >&2
  exit 1
fi
