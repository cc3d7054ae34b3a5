#!/usr/bin/env bash
# libcurl 8.14.1 (Debian 13) and 8.16 (in pycurl 7.45.7 from PyPI), beside 8.11.1 (in pycurl 7.45.4): CURLOPT_AWS_SIGV4
# together with CURLOPT_PATH_AS_IS.
# https://curl.se/libcurl/c/CURLOPT_AWS_SIGV4.html
#
# Surprise: a client that sets CURLOPT_PATH_AS_IS for all of its requests, so that no path is rewritten, can sign requests to AWS
# with libcurl up to 8.11 and with none of those that Debian 13 and newer systems have: the transfer ends with
# CURLE_BAD_FUNCTION_ARGUMENT (43), whatever the path is, also where nothing in it could be normalized. Setting both options succeeds;
# only the transfer fails, so a program that was built on the older release and tested there loses its credentials by an
# upgrade of the system. PATH_AS_IS has to be left out of requests that are signed.
#
# The script installs both versions of pycurl in a temporary folder and asks a server on loopback. It ends with 1 when what
# it sees is no longer this.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv tool

cat >ask.py <<'P'
import http.server
import threading

import pycurl


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
ends = []
for as_is in (0, 1):
    one = pycurl.Curl()
    one.setopt(pycurl.URL, f"http://127.0.0.1:{server.server_port}/x")
    one.setopt(pycurl.PATH_AS_IS, as_is)
    one.setopt(pycurl.AWS_SIGV4, "aws:amz:eu-west-1:ecr")
    one.setopt(pycurl.USERPWD, "key:secret")
    try:
        one.perform()
        ends.append("200")
    except pycurl.error as failed:
        ends.append(str(failed.args[0]))
print(" ".join(ends))
P

expect() {  # VERSION-OF-PYCURL ENDS
  tool/bin/pip install -q --only-binary :all: "pycurl==$1"
  local version seen
  version=$(tool/bin/python -c 'import pycurl; print(pycurl.version.split()[1])')
  seen=$(tool/bin/python ask.py)
  echo "  $version: signed → ${seen% *}, signed and path as is → ${seen#* }"
  [ "$seen" = "$2" ] || exit 1
}
expect 7.45.4 "200 200"
expect 7.45.7 "200 43"
echo "as described"
