#!/usr/bin/env bash
# clang-tidy 19.1.0, the check misc-unused-using-decls, on a unity source (one source that includes others, as CMake's
# UNITY_BUILD makes them).
# https://clang.llvm.org/extra/clang-tidy/checks/misc/unused-using-decls.html
#
# Surprise: --header-filter says which files other than the main one findings are shown of, and the checks around it keep to
# that: in a .cpp that a unity source includes they report what they report of it alone. misc-unused-using-decls reports
# nothing there, though the filter matches and the file is no header by HeaderFileExtensions: it looks at the main file
# alone. A linter run over unity sources, which takes a fraction of the time, is so one check short, without a word.
#
# The script installs clang-tidy from PyPI in a temporary folder. It ends with 1 when what it sees is no longer this.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv tool
tool/bin/pip install -q clang-tidy==19.1.0

cat >part.cpp <<'C'
namespace a { struct used {}; struct unused {}; }
using a::used;
using a::unused;
struct text { unsigned long size() const; bool empty() const; };
bool is_empty(const text& t, used) { return t.size() == 0; }
C
echo '#include "part.cpp"' >unity.cpp

seen() {
  tool/bin/clang-tidy --quiet --checks='-*,misc-unused-using-decls,readability-container-size-empty' --header-filter='.*' "$1" -- -std=c++17 \
    2>/dev/null | grep -o '\[[a-z-]*\]$' | sort | tr '\n' ' '
}
tool/bin/clang-tidy --version | grep -i version
alone=$(seen part.cpp)
unit=$(seen unity.cpp)
echo "  part.cpp alone     → $alone"
echo "  within unity.cpp   → $unit"
[ "$alone" = "[misc-unused-using-decls] [readability-container-size-empty] " ] || exit 1
[ "$unit" = "[readability-container-size-empty] " ] || exit 1
echo "as described"
