"""The admissions of the soak on a real control plane: requests to the API server, which asks the webhook.

A Pod that is created is a dry run on the server (`dryRun=All`): admission is the same, and etcd does not fill up; so are ephemeral
containers, which cannot be taken back. Some Pods are created and deleted in truth, and Deployments are updated and scaled.

A client asks again as controllers and people do: when the API server could not call the webhook (500), or had a conflict (409).
"""
import asyncio, json, random, time

from stand_ins import digest_of
from traffic import Client, SLACK, TENANTS, WARM, pod

TIMEOUT = 10.0  # seconds of the webhook's in the manifests
DEPLOYMENTS = 5  # of each tenant, which are updated
TRIES = 4
PAUSE = 0.3     # seconds before another try

MIX = {"warm": 44, "unchanged": 18, "scale": 12, "ephemeral": 6, "200 KB": 3, "fresh": 6, "private": 6, "foreign": 2, "created": 2, "broken": 1}

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


def workload_image(i):
    """The warm tag of a tenant's Deployment."""
    return "shop/app", f"v{i}"


class ApiMix:
    """Makes requests: `kind, registry's number, (method, path, content type, body), images` with the digests that the answer has to have."""

    def __init__(self, registries, distinct, seed):
        self.registries, self.distinct, self.seed = registries, distinct, seed
        self.random = random.Random(seed)
        self.next, self.made = self.random.randrange(distinct), 0
        self.kinds, self.weights = list(MIX), list(MIX.values())
        self.padding = "x" * 200_000

    def make(self):
        kind = self.random.choices(self.kinds, self.weights)[0]
        at = self.random.randrange(len(self.registries))
        namespace = f"tenant-{self.random.randrange(TENANTS)}"
        number = self.random.randrange(DEPLOYMENTS)
        image = {"fresh": self.fresh, "private": lambda: self.private(namespace), "foreign": lambda: self.private(self.other(namespace)),
                 "unchanged": lambda: workload_image(number), "scale": lambda: workload_image(number)}.get(kind, self.warm)()
        text = f"{self.registries[at]}/{image[0]}:{image[1]}"
        pods, deployment = f"/api/v1/namespaces/{namespace}/pods", f"/apis/apps/v1/namespaces/{namespace}/deployments/app-{number}"
        if kind == "unchanged":
            return kind, 0, ("PATCH", deployment, MERGE, {"spec": {"paused": False}}), [image]
        if kind == "scale":
            return kind, 0, ("PATCH", deployment, MERGE, {"spec": {"replicas": self.random.randrange(1, 4)}}), [image]
        if kind == "ephemeral":
            more = {"spec": {"ephemeralContainers": [{"name": "debug", "image": text}]}}
            return kind, at, ("PATCH", f"{pods}/one/ephemeralcontainers?dryRun=All", STRATEGIC, more), [image]
        value = pod([text + "::" if kind == "broken" else text], self.padding if kind == "200 KB" else "")
        self.made += 1
        value["metadata"]["name"] = f"made-{self.seed}-{self.made}"
        return kind, at, ("POST", pods if kind == "created" else pods + "?dryRun=All", "application/json", value), [image]

    def warm(self):
        return "shop/app", f"v{self.random.randrange(WARM // len(self.registries))}"

    def fresh(self):
        self.next = (self.next + 1) % self.distinct
        return "shop/fresh", f"n{self.next}"

    def private(self, namespace):
        return f"private/{namespace}/app", f"v{self.random.randrange(5)}"

    @staticmethod
    def other(namespace):
        return f"tenant-{(int(namespace[7:]) + 1) % TENANTS}"


def images_in(value):
    """The images of an object that the API server answered with."""
    spec = value.get("spec", {})
    spec = spec.get("template", {}).get("spec", spec)
    return [c["image"] for part in ("containers", "initContainers", "ephemeralContainers") for c in spec.get(part, [])]


def judge_api(kind, images, status, body, excused):
    """As traffic.judge; "again" where the API server did not get to the webhook, or to a write."""
    digests = [digest_of(*image) for image in images]
    if status in (200, 201):
        if kind in ("foreign", "broken"):
            return "another tenant's digest" if digests[0] in body.decode() else "admitted"
        found = images_in(json.loads(body))
        pinned = {i.rsplit("@", 1)[1] for i in found if "@" in i}
        if not pinned:
            return "not pinned"
        # A Pod with an ephemeral container has its own image, too, which is of a warm tag.
        return "" if set(digests) <= pinned and (kind == "ephemeral" or len(pinned) == 1) and all("@" in i for i in found) else "wrong digest"
    if status == 409 or (status in (500, 504) and b"failed calling webhook" in body):
        return "again"
    message = json.loads(body).get("message", "") if body.startswith(b"{") else body.decode("latin-1")
    if "denied the request" not in message:
        return f"status {status}: {message[:300]}"
    if kind == "foreign":
        return "another tenant's digest" if digests[0] in message else ""
    if kind == "broken":
        return ""
    return "refused" if excused else f"denied: {message[:300]}"


class ApiClient(Client):
    """Keeps connections to the API server."""

    def __init__(self, port, token, authority, state, mix):
        super().__init__([port, port], authority, state, mix)
        self.headers = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n"

    def text_of(self, request):
        method, path, content_type, value = request
        text = json.dumps(value).encode() if value is not None else b""
        return (f"{method} {path} HTTP/1.1\r\n{self.headers}Content-Type: {content_type}\r\nContent-Length: {len(text)}\r\n\r\n").encode() + text

    async def ask(self, kind, at, request, images):
        """The verdict of one admission, and how often it was asked again."""
        for attempt in range(TRIES):
            if attempt:
                self.count["asked again"] += 1
                await asyncio.sleep(PAUSE * attempt)
            away, excused = self.state.is_api_away(), self.state.excuses(kind, at)
            try:
                status, answer = await asyncio.wait_for(self.post(0, request), TIMEOUT + 5)
                verdict = judge_api(kind, images, status, answer, excused or self.state.excuses(kind, at))
            except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
                verdict, answer = "again", type(error).__name__.encode()
            # Without the API server there is no admission: nothing that a replica could answer.
            if verdict and verdict != "refused" and (away or self.state.is_api_away()):
                return "refused", attempt
            if verdict != "again":
                return verdict, attempt
            why = answer.decode("latin-1")[-300:]
        return f"no answer: {why}", TRIES - 1

    async def admit(self):
        kind, at, request, images = self.mix.make()
        began = time.monotonic()
        verdict, attempt = await self.ask(kind, at, request, images)
        took = time.monotonic() - began
        if kind == "created" and not verdict:
            method, path, content_type, value = request
            await self.ask("deleted", at, ("DELETE", f"{path}/{value['metadata']['name']}?gracePeriodSeconds=0", content_type, None), images)
        self.note(kind, verdict, took, attempt == 0 and took > TIMEOUT + SLACK)
