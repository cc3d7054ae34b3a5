#!/usr/bin/env bash
# libfyaml 0.7.12 (Debian 12: libfyaml-utils and libfyaml0 0.7.12-2), its block scalars; beside it PyYAML's reader, which is that
# of libyaml, as go-yaml's is.
# https://github.com/pantoniou/libfyaml/tree/v0.7.12
#
# Surprise: a literal or folded scalar without a line of its own, as templates write it when they have nothing to say, takes the
# next key for its text, without an error, where the mapping is indented:
#
#   spec:
#     command: |
#     image: nginx:1.25
#
# The lines of a block are indented further than the collection that holds it (YAML 1.2.2, section 8.1.1.1), so "command" is empty
# here and "image" is the next key. libfyaml reads one key with the text "image: nginx:1.25". At the root, where the mapping has
# no spaces before it, it reads both keys. In the same way an empty item of a sequence takes the items after it.
#
# The script fetches the Debian packages into a temporary folder and prints the events of three texts. It ends with 1 when
# what it sees is no longer this.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for tool in apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || { echo "this needs $tool" >&2; exit 2; }
done
apt-get download -qq libfyaml-utils libfyaml0 python3-yaml >/dev/null 2>&1 ||
  { echo "libfyaml-utils cannot be downloaded: run apt-get update first" >&2; exit 2; }
for one in *.deb; do dpkg-deb -x "$one" package; done
echo "libfyaml-utils $(dpkg-deb -f libfyaml-utils_*.deb Version)"
library=$(dirname "$(find "$work/package" -name 'libfyaml.so.0' | head -1)")

events() { LD_LIBRARY_PATH=$library package/usr/bin/fy-tool --testsuite "$1" | tr '\n' ' '; }

printf 'spec:\n  command: |\n  image: nginx:1.25\n' >nested.yaml
printf 'command: |\nimage: nginx:1.25\n' >root.yaml
printf 'args:\n  - >-\n  - serve\n' >items.yaml
nested=$(events nested.yaml) root=$(events root.yaml) items=$(events items.yaml)
printf 'in an indented mapping: %s\nat the root: %s\nin a sequence: %s\n' "$nested" "$root" "$items"
if command -v python3 >/dev/null; then
  PYTHONPATH=$work/package/usr/lib/python3/dist-packages python3 -c 'import yaml; print("PyYAML", yaml.__version__, yaml.safe_load(open("nested.yaml")))'
fi

case $nested in *'=VAL :command =VAL |image: nginx:1.25\n -MAP'*) ;; *) echo "changed" >&2; exit 1 ;; esac
case $root in *'=VAL :command =VAL | =VAL :image =VAL :nginx:1.25 -MAP'*) ;; *) echo "changed" >&2; exit 1 ;; esac
case $items in *'+SEQ =VAL >- serve -SEQ'*) ;; *) echo "changed" >&2; exit 1 ;; esac
echo "seen as described"
