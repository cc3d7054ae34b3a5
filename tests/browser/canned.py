"""A console that is not one: the files of src/console/pages, and made-up answers of its API with hostile texts."""

import http.server
import json
import pathlib
import threading
import urllib.parse

PAGES = pathlib.Path(__file__).resolve().parents[2] / "src/console/pages"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
# As src/console/endpoint.cpp has it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
WRITTEN = ["pinned", "tag", "latest", "no-tag", "invalid"]
RULES = {"tag": "unpinned", "latest": "latest", "no-tag": "no-tag", "invalid": "invalid"}


def digest(character):
    return "sha256:" + character * 64


def finding(rule, severity, fix, kind):
    return {
        "rule": rule,
        "severity": severity,
        "message": "the message of " + HOSTILE,
        "fix": fix,
        "fix_kind": kind,
        "first_seen": "2026-11-18T01:00:00Z",
    }


def row(i):
    """Each hundredth has hostile text in every field."""
    bad = HOSTILE if i % 100 == 99 else ""
    written = WRITTEN[i % 5]
    findings = []
    if written in RULES:
        findings.append(finding(RULES[written], "warning", "nginx@" + digest("a") + bad, "text"))
    if i % 31 == 0:
        findings.append(finding("mixed", "error", "kubectl rollout restart deployment/app" + bad, "command"))
    return {
        "namespace": "team-%02d" % (i % 40) + bad,
        "owner": "Deployment/app-%05d" % i + bad,
        "group": "apps",
        "container": "web" + bad,
        "type": "container",
        "image": "ghcr.io/acme/app-%d:1.4.%d" % (i, i % 9) + bad,
        "written": written,
        "in_workload": True,
        "mode": "enforce" if i % 2 else "none",
        "pods": i % 7,
        "running": [digest("a")] + ([digest("b")] if i % 31 == 0 else []),
        "unknown_pods": i % 2,
        "mixed": i % 31 == 0,
        "differs": None,
        "tag": "1.4.2" + bad,
        "tag_digest": digest("e"),
        "moved": "version-tag" if i % 50 == 0 else "none",
        "gone": False,
        "unresolved": None,
        "pinned_at": "2026-11-20T10:00:00Z",
        "what_if": None,
        "findings": findings,
        "first_seen": "2026-10-30T10:00:00Z",
        "last_seen": "2026-11-30T01:00:00Z",
        "moves": [{"at": "2026-11-27T10:00:00Z", "before": digest("a"), "after": digest("e") + bad, "change": bad or "bytes"}],
        "resolved": [{"rule": "latest" + bad, "image": "nginx" + bad, "first_seen": "2026-11-01T00:00:00Z",
                      "resolved": "2026-11-10T00:00:00Z"}],
    }


class Canned:
    def __init__(self, rows=15_000):
        self.rows = [row(i) for i in range(rows)]
        self.state = {
            "version": "0.1.0", "origin": "kubeconfig " + HOSTILE, "namespaces": [], "selector": "", "now": "2026-11-30T01:40:00Z",
            "started": "2026-11-30T01:00:00Z", "complete": True, "behind_since": None, "troubles": [HOSTILE],
            "history": "memory", "demo": False,
            "registries": {"asked": True, "references": 300, "unasked": 12, "failed": 1},
            "signatures": {"images": 7, "unasked": 2, "failed": 0},
        }
        # Of every image; its second step is hostile.
        self.pointer = "/spec/" + HOSTILE.replace("/", "~1") + "/template/spec/containers/1/image"
        # The lines of every object; none: `object_status`.
        self.object, self.object_status = None, 404
        self.token = ""
        self.is_away = False
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.answer(self)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/" % self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, to):
        target = urllib.parse.urlparse(to.path)
        query = dict(urllib.parse.parse_qsl(target.query))
        status, kind, body = 200, "application/json", b""
        if target.path.startswith("/api/"):
            self.asked.append(to.path)
            if self.is_away:
                to.close_connection = True
                return
            if self.token and to.headers["Authorization"] != "Bearer " + self.token:
                status, kind, body = 401, "text/plain", b"a token of the cluster is wanted"
            elif target.path.startswith("/api/v1/objects/") and self.object is None:
                status, kind, body = self.object_status, "text/plain", ("no object " + HOSTILE).encode()
            elif query.get("label", "").endswith("="):
                status, kind, body = 400, "text/plain", ("label: " + HOSTILE).encode()
            else:
                body = json.dumps(self.api(target.path.removeprefix("/api/v1/"), query)).encode()
        else:
            file = PAGES / (target.path[1:] or "index.html")
            if file.exists():
                kind, body = TYPES[file.suffix], file.read_bytes()
            else:
                status = 404
        to.send_response(status)
        for name, value in {"Content-Type": kind + "; charset=utf-8", "Content-Length": str(len(body)),
                            "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}.items():
            to.send_header(name, value)
        to.end_headers()
        try:
            to.wfile.write(body)
        except BrokenPipeError:
            pass  # the page went on to another

    def api(self, page, query):
        if page == "overview":
            return self.overview()
        if page.startswith("objects/"):
            return self.object
        if page == "console":
            return {"console": self.state}
        if page == "rules":
            exception = {"rule": "sandbox" + HOSTILE, "effect": "allow" + HOSTILE, "images": ["docker.io/**" + HOSTILE],
                         "namespaces": ["sandbox", HOSTILE], "kinds": [HOSTILE], "containers": [HOSTILE], "types": [HOSTILE], "rows": 7}
            none = {**exception, "rule": "all", "images": [], "namespaces": [], "kinds": [], "containers": [], "types": [], "rows": 0}
            return {"rules": [{**one, "exceptions": [exception, none] if i == 0 else []} for i, one in enumerate(self.rules())]}
        if page == "images":
            one = {"rows": 3, "pods": 9, "findings": 2, "digests": [{"digest": digest("a"), "pods": 5, "tags": ["1" + HOSTILE]}]}
            if query.get("search") == "many":
                return {"total": 450, "offset": 0, "images": [{**one, "repository": "r/%03d" % i, "tags": []}
                                                              for i in range(min(450, int(query["limit"])))]}
            return {"total": 2, "offset": 0, "images": [
                {**one, "repository": HOSTILE, "tags": [{"tag": HOSTILE, "digests": [digest("a"), digest("b")]}]},
                {**one, "repository": "docker.io/library/nginx", "tags": [{"tag": "1.25", "digests": [digest("a")]}]}]}
        if page == "entities":
            found = [one for one in self.rows if self.matches(one, query)]
            offset = int(query.get("offset", 0))
            return {"total": len(found), "offset": offset, "rows": found[offset:offset + int(query.get("limit", 100))]}
        ns, group, kind, name = [urllib.parse.unquote(one) for one in page.split("/")[1:]]
        found = [one for one in self.rows if one["namespace"] == ns and one["owner"] == kind + "/" + name]
        place = {"pointer": self.pointer, "repository": "ghcr.io/acme/app" + HOSTILE, "exceptions": ["sandbox" + HOSTILE]}
        return {"namespace": ns, "group": group, "kind": kind, "name": name, "mode": "enforce", "rows": found,
                "labels": {"app": "web", "team/" + HOSTILE: HOSTILE}, "places": [place] * len(found)}

    @staticmethod
    def matches(one, query):
        rules = [f["rule"] for f in one["findings"]]
        text = (one["namespace"] + " " + one["owner"] + " " + one["image"]).lower()
        return (query.get("search", "").lower() in text
                and query.get("namespace", one["namespace"]) == one["namespace"]
                and query.get("mode", one["mode"]) == one["mode"]
                and ("label" not in query or query["label"] == "app=" + one["owner"].removeprefix("Deployment/app-"))
                and ("rule" not in query or query["rule"] in rules)
                and ("state" not in query or query["state"] in (one["written"], "mixed" if one["mixed"] else "")))

    def rules(self):
        return [{"rule": rule, "severity": "error" if rule == "mixed" else "warning", "title": HOSTILE, "reason": HOSTILE,
                 "help": HOSTILE, "findings": sum(rule in [f["rule"] for f in one["findings"]] for one in self.rows)}
                for rule in ["latest", "no-tag", "unpinned", "invalid", "mixed", "gone" + HOSTILE]]

    def overview(self):
        counts = {name: sum(one["written"] == name for one in self.rows) for name in WRITTEN}
        space = {"name": HOSTILE, "mode": HOSTILE, "images": 1, "pinned": 1, "tag": 0, "latest": 0, "invalid": 0, "mixed": 0,
                 "moved": 0, "gone": 0, "findings": 0}
        return {
            "console": self.state,
            "totals": {"namespaces": 40, "workloads": 15000, "images": len(self.rows), "findings": 12000, "notes": 0},
            "written": counts, "modes": {"enforce": 20, "none": 20},
            "alarms": {"moved-version": 300, "gone": 0, "mixed": 480, "differs": 0, "unresolvable": 2, "moved": 0},
            "namespaces": [space, {**space, "name": "team-01", "mode": "enforce"}], "rules": self.rules(),
            "trend": [{"day": "2026-11-%02d" % (i + 1), "findings": 100 + i * i % 50,
                       "written": {name: 40 * i if name == "pinned" else 900 - 30 * i for name in WRITTEN}} for i in range(30)],
            "moves": [{"at": "2026-11-27T10:00:00Z", "tag": "x/" + HOSTILE, "before": HOSTILE, "after": HOSTILE,
                       "change": HOSTILE, "rows": 3}],
        }
