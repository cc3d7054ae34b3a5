"""The admissions of the soak: what is asked, what the answer has to be, and the clients that count.

A client is what an API server is to the webhook: it keeps connections to both replicas, takes one that is ready, and asks the other
when a connection breaks before its answer. An admission has failed when neither gave the answer that it had to.
"""
import asyncio, base64, http.client, json, os, random, signal, ssl, time
from collections import Counter

from stand_ins import digest_of

TIMEOUT = 5.0        # seconds that each review has
SLACK = 0.5          # an answer later than TIMEOUT and this is late
STALL = 0.5          # seconds that a client process got no CPU, which is not the fault of a replica
AT_ONCE = 200        # admissions of one client process under way
WARM = 200           # tags that are asked for all the time
TENANTS = 8
LIFE = 2000          # admissions of one connection, so that new certificates come into use

# kind: its share in percent
MIX = {"warm": 46, "unchanged": 18, "scale": 12, "ephemeral": 6, "200 KB": 3, "fresh": 6, "private": 6, "foreign": 2, "broken": 1}

SHAPES = {  # kind of the object: group, kind, resource
    "pod": ("", "Pod", "pods"), "deployment": ("apps", "Deployment", "deployments"), "scale": ("autoscaling", "Scale", "scales"),
}


def review(namespace, shape, operation, value, old=None, subresource="", resource=None):
    group, kind, own = SHAPES[shape]
    version = "v1"
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "soak", "kind": {"group": group, "version": version, "kind": kind},
        "resource": resource or {"group": group, "version": version, "resource": own}, "subResource": subresource,
        "namespace": namespace, "name": "one", "operation": operation, "object": value, "oldObject": old}}).encode()


def pod(images, padding=""):
    value = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"},
             "spec": {"containers": [{"name": f"c{i}", "image": image} for i, image in enumerate(images)]}}
    if padding:
        value["metadata"]["annotations"] = {"padding": padding}
    return value


def deployment(image):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "one"},
            "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "c", "image": image}]}}}}


def warm_images(registries):
    """The warm tags of all registries: host, repository, tag."""
    return [(host, "shop/app", f"v{n}") for host in registries for n in range(WARM // len(registries))]


def warm_up(port, authority, registries):
    """Asks a replica once for every warm tag. Its cache is its own and empty when it starts."""
    tls = ssl.create_default_context(cafile=authority)
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=tls)
    body = review("tenant-0", "pod", "CREATE", pod([f"{host}/{repository}:{tag}" for host, repository, tag in warm_images(registries)]))
    connection.request("POST", "/v1/pin/enforce?timeout=10s", body, {"Content-Type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer["response"]["allowed"]


class Mix:
    """Makes admissions: `kind, registry's number, body, images`; the digest of each image has to be in the patch."""

    def __init__(self, registries, distinct, seed):
        self.registries, self.distinct = registries, distinct
        self.random = random.Random(seed)
        self.next = self.random.randrange(distinct)
        self.kinds, self.weights = list(MIX), list(MIX.values())
        self.padding = "x" * 200_000

    def make(self):
        kind = self.random.choices(self.kinds, self.weights)[0]
        at = self.random.randrange(len(self.registries))
        host = self.registries[at]
        namespace = f"tenant-{self.random.randrange(TENANTS)}"
        warm = ("shop/app", f"v{self.random.randrange(WARM // len(self.registries))}")
        if kind == "warm":
            return self.asked(kind, at, namespace, warm)
        if kind == "200 KB":
            return self.asked(kind, at, namespace, warm, padding=self.padding)
        if kind == "fresh":
            self.next = (self.next + 1) % self.distinct
            return self.asked(kind, at, namespace, ("shop/fresh", f"n{self.next}"))
        if kind == "private":
            return self.asked(kind, at, namespace, (f"private/{namespace}/app", f"v{self.random.randrange(5)}"))
        if kind == "foreign":  # another tenant's image: no answer may tell its digest
            other = f"tenant-{(int(namespace[7:]) + 1) % TENANTS}"
            return self.asked(kind, at, namespace, (f"private/{other}/app", f"v{self.random.randrange(5)}"))
        if kind == "ephemeral":
            value, image = pod([f"{host}/shop/app@{digest_of(*warm)}"]), f"{host}/{warm[0]}:{warm[1]}"
            new = json.loads(json.dumps(value))
            new["spec"]["ephemeralContainers"] = [{"name": "debug", "image": image}]
            return kind, at, review(namespace, "pod", "UPDATE", new, value, "ephemeralcontainers"), [warm]
        if kind == "unchanged":
            value = deployment(f"{host}/shop/app@{digest_of(*warm)}")
            return kind, at, review(namespace, "deployment", "UPDATE", value, value), []
        if kind == "scale":
            value = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "one"}, "spec": {"replicas": 3}}
            return kind, at, review(namespace, "scale", "UPDATE", value, value, "scale",
                                    {"group": "apps", "version": "v1", "resource": "deployments"}), []
        return kind, at, b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":', []

    def asked(self, kind, at, namespace, image, padding=""):
        return kind, at, review(namespace, "pod", "CREATE", pod([f"{self.registries[at]}/{image[0]}:{image[1]}"], padding)), [image]


def judge(kind, images, status, body, excused):
    """"" for the answer that it had to be, "refused" for a refusal that the fault of its registry excuses; else the fault."""
    if kind == "broken":
        return "" if status == 400 else f"status {status} for what is no JSON"
    if status != 200:
        return f"status {status}"
    response = json.loads(body)["response"]
    patch = base64.b64decode(response.get("patch", "")).decode()
    digests = [digest_of(*image) for image in images]
    if kind == "foreign":
        return "another tenant's digest" if response["allowed"] or digests[0] in body.decode() or digests[0] in patch else ""
    if not response["allowed"]:
        return "refused" if excused else "denied: " + response.get("status", {}).get("message", "")[:300]
    if "@sha256:" in patch and not all(d in patch for d in digests):
        return "wrong digest"
    if images and not patch:
        return "not pinned"
    return ""


class Client:
    def __init__(self, ports, authority, state, mix):
        self.ports, self.state, self.mix = ports, state, mix
        self.tls = ssl.create_default_context(cafile=authority)
        self.tls.check_hostname = False
        self.idle = [[], []]
        self.count, self.times, self.examples = Counter(), [], []

    async def connect(self, i):
        while self.idle[i]:
            reader, writer, used = self.idle[i].pop()
            if used < LIFE and not reader.at_eof() and not writer.is_closing():
                return reader, writer, used
            writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ports[i], ssl=self.tls)
        return reader, writer, 0

    def text_of(self, body):
        """The request as it is sent."""
        return (f"POST /v1/pin/enforce?timeout={TIMEOUT:.0f}s HTTP/1.1\r\nHost: pinhook\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode() + body

    async def post(self, i, body):
        reader, writer, used = await self.connect(i)
        try:
            writer.write(self.text_of(body))
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            if "transfer-encoding: chunked" in head:
                answer = await read_chunks(reader)
            else:
                answer = await reader.readexactly(int(head.split("content-length:", 1)[1].split("\r\n", 1)[0]))
        except BaseException:
            writer.close()
            raise
        if "connection: close" in head:
            writer.close()
        else:
            self.idle[i].append((reader, writer, used + 1))
        return int(head.split(" ", 2)[1]), answer

    async def admit(self):
        kind, at, body, images = self.mix.make()
        first = self.state.pick()
        began = time.monotonic()
        verdict = "no answer"
        for attempt, i in enumerate((first, 1 - first)):
            try:
                excused = self.state.excuses(kind, at)
                status, answer = await asyncio.wait_for(self.post(i, body), TIMEOUT + 5)
                verdict = judge(kind, images, status, answer, excused or self.state.excuses(kind, at))
                break
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ssl.SSLError) as error:
                verdict = f"no answer: {type(error).__name__}"
                self.count["asked again"] += 1
        took = time.monotonic() - began
        self.note(kind, verdict, took, attempt == 0 and took > TIMEOUT + SLACK)

    def note(self, kind, verdict, took, is_late):
        self.times.append(took)
        self.count["admissions"] += 1
        self.count[f"kind {kind}"] += 1
        if is_late:
            self.count["late"] += 1
        if verdict == "refused":
            self.count["refused"] += 1
        elif verdict:
            column = {"wrong digest": "wrong digests", "another tenant's digest": "across tenants"}.get(verdict, "failed")
            self.count[column] += 1
            if len(self.examples) < 5:
                self.examples.append(f"{kind}: {verdict}")


async def read_chunks(reader):
    """A body in chunks, as the API server sends long ones."""
    out = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        out += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return out


async def drive(client, rate, queue, stop):
    """An open loop: admissions begin at their times, whether or not earlier ones were answered."""
    under_way = set()
    due = time.monotonic()
    reported = due
    while not stop.is_set():
        now = time.monotonic()
        while due <= now:
            due += 1 / rate
            if len(under_way) < AT_ONCE:
                task = asyncio.ensure_future(client.admit())
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            else:
                client.count["not sent"] += 1
        if now - reported >= 1:
            reported = now
            queue.put((dict(client.count), client.times, client.examples))
            client.count, client.times, client.examples = Counter(), [], []
        wakes = max(now + 0.001, due)
        await asyncio.sleep(max(0.001, wakes - time.monotonic()))
        client.count["stalls"] += time.monotonic() - wakes > STALL
    await asyncio.gather(*under_way, return_exceptions=True)
    queue.put((dict(client.count), client.times, client.examples))


def run(make_client, rate, seed, queue, stop):
    """The whole life of a client process. `make_client(seed)`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(5)  # what is measured is not to wait for who measures
    asyncio.run(drive(make_client(seed), rate, queue, stop))
