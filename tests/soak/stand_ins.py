"""The registries and the API server of the soak: processes of their own, with faults that the director switches on.

A registry has every tag of every repository. The manifest of a tag says which repository and tag it is of, so that its digest can
be computed by whoever knows the name (`digest_of`). Repositories below "private/NAMESPACE/" take that namespace's password alone.
"""
import asyncio, base64, hashlib, json, signal, ssl

FAULTS = ("none", "refused", "reset", "hanging", "slow", "429", "429 with Retry-After", "503", "another digest")
INDEX = "application/vnd.oci.image.index.v1+json"
SLOW = 1.5  # seconds
LATENCY = 0.003


def manifest_of(repository, tag):
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "annotations": {"of": f"{repository}:{tag}"}}).encode()


def digest_of(repository, tag):
    return "sha256:" + hashlib.sha256(manifest_of(repository, tag)).hexdigest()


def credential(namespace, generation):
    return base64.b64encode(f"{namespace}:secret-{generation}".encode()).decode()


class Registries:
    """`state.faults[i]` is the fault of the i-th; `state.generation` the newest password, `state.oldest` the oldest that counts."""

    def __init__(self, ports, state):
        self.ports, self.state = ports, state
        self.open = [set() for _ in ports]

    async def serve(self):
        servers = [None] * len(self.ports)
        while True:
            for i, port in enumerate(self.ports):
                refused = FAULTS[self.state.faults[i]] == "refused"
                if not refused and servers[i] is None:
                    servers[i] = await asyncio.start_server(lambda r, w, i=i: self.connection(i, r, w), "127.0.0.1", port, backlog=512)
                elif refused and servers[i] is not None:
                    servers[i].close()
                    servers[i] = None
                    for writer in list(self.open[i]):
                        writer.transport.abort()
            await asyncio.sleep(0.05)

    async def connection(self, i, reader, writer):
        self.open[i].add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                if not await self.answer(i, head, writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open[i].discard(writer)
            writer.close()

    async def answer(self, i, head, writer):
        method, path, _ = head.split("\r\n", 1)[0].split(" ")
        fault = FAULTS[self.state.faults[i]]
        if fault == "reset":
            writer.transport.abort()
            return False
        if fault == "hanging":
            await asyncio.sleep(3600)
        await asyncio.sleep(SLOW if fault == "slow" else LATENCY)
        status, headers, body = self.decide(fault, method, path, head)
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if method == "HEAD" else body))
        await writer.drain()
        return True

    def decide(self, fault, method, path, head):
        if fault.startswith("429"):
            return "429 Too Many Requests", ["Retry-After: 2"] if "Retry" in fault else [], b""
        if fault == "503":
            return "503 Service Unavailable", [], b""
        if path == "/v2/":
            return "200 OK", [], b"{}"
        repository, _, tag = path.removeprefix("/v2/").partition("/manifests/")
        if not tag:
            return "404 Not Found", [], b""
        if repository.startswith("private/"):
            namespace = repository.split("/")[1]
            allowed = [f"authorization: basic {credential(namespace, g)}".lower()
                       for g in range(self.state.oldest.value, self.state.generation.value + 1)]
            if not any(line.lower() in allowed for line in head.split("\r\n")):
                return "401 Unauthorized", ['WWW-Authenticate: Basic realm="soak"'], b"{}"
        body = manifest_of(repository, tag)
        headers = [f"Content-Type: {INDEX}"]
        if fault == "another digest":
            # HEAD names none, so that the manifest is fetched; its header names that of another tag.
            if method == "GET":
                headers.append(f"Docker-Content-Digest: {digest_of(repository, tag + '-other')}")
        else:
            headers.append(f"Docker-Content-Digest: {digest_of(repository, tag)}")
        return "200 OK", headers, body


class ApiServer:
    """Namespaces with the label, their default service accounts, and a pull secret each."""

    def __init__(self, port, registries, state, certificate, key):
        self.port, self.registries, self.state = port, registries, state
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)

    async def serve(self):
        server = await asyncio.start_server(self.connection, "127.0.0.1", self.port, ssl=self.tls, reuse_address=True)
        await server.serve_forever()

    async def connection(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                status, value = self.decide(head.split(" ")[1].split("?")[0])
                body = json.dumps(value).encode()
                writer.write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def decide(self, path):
        parts = path.strip("/").split("/")
        if parts[:3] == ["api", "v1", "namespaces"] and len(parts) >= 4:
            namespace, kind = parts[3], parts[4] if len(parts) == 6 else ""
            if len(parts) == 4:
                return "200 OK", {"kind": "Namespace", "apiVersion": "v1", "metadata": {
                    "name": namespace, "labels": {"pinhook.dev/pin": "enforce"}}}
            if kind == "serviceaccounts":
                return "200 OK", {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"name": parts[5], "namespace": namespace},
                                  "imagePullSecrets": [{"name": "regcred"}]}
            if kind == "secrets" and parts[5] == "regcred":
                auth = credential(namespace, self.state.generation.value)
                config = json.dumps({"auths": {f"{r}/private": {"auth": auth} for r in self.registries}})
                return "200 OK", {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "regcred", "namespace": namespace},
                                  "type": "kubernetes.io/dockerconfigjson",
                                  "data": {".dockerconfigjson": base64.b64encode(config.encode()).decode()}}
        return "404 Not Found", {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
                                 "message": f"{path} not found"}


def run(server):
    """The whole life of such a process; the director ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(server.serve())
