"""A real control plane for the soak: etcd, kube-apiserver, the objects that the manifests install and those of the tenants, and the
Service in front of the replicas.

There is no controller manager, no scheduler and no kubelet: what controllers would make is made here, and Pods never run.
"""
import asyncio, base64, json, os, pathlib, signal, ssl, subprocess, time, urllib.request

import yaml

from api_traffic import DEPLOYMENTS
from stand_ins import credential
from traffic import TENANTS

INSTALLED = ("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding")
START_SECONDS = 120


class Relay:
    """In place of the Service and kube-proxy: one port that leads to the replicas that are ready, in turn. Connections that were made stay."""

    def __init__(self, port, replica_ports, state):
        self.port, self.replica_ports, self.state = port, replica_ports, state

    async def serve(self):
        server = await asyncio.start_server(self.connection, "127.0.0.1", self.port, backlog=512)
        await server.serve_forever()

    async def connection(self, reader, writer):
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.replica_ports[self.state.pick()])
        except OSError:
            writer.transport.abort()
            return
        await asyncio.gather(self.pump(reader, to_writer), self.pump(to_reader, writer))

    async def pump(self, reader, writer):
        try:
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
            writer.write_eof()
        except (ConnectionError, OSError):
            writer.transport.abort()


class Cluster:
    def __init__(self, programs, folder, ports, openssl):
        self.programs, self.folder = pathlib.Path(programs), folder
        self.etcd_port, self.peer_port, self.port = ports
        self.url = f"https://127.0.0.1:{self.port}"
        self.processes = {}
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder / "accounts.key")
        openssl("pkey", "-in", folder / "accounts.key", "-pubout", "-out", folder / "accounts.pub")
        for kind in ("crt", "key"):
            (folder / f"api.{kind}").write_bytes((folder / f"tls.{kind}").read_bytes())
        self.token = os.urandom(16).hex()
        (folder / "tokens.csv").write_text(f"{self.token},admin,admin,system:masters\n")
        self.tls = ssl.create_default_context(cafile=folder / "ca.crt")
        self.write_kubeconfig("admin.kubeconfig", self.token)

    def write_kubeconfig(self, name, token):
        value = {"apiVersion": "v1", "kind": "Config", "current-context": "soak", "contexts": [{"name": "soak", "context": {"cluster": "soak", "user": "soak"}}],
                 "clusters": [{"name": "soak", "cluster": {"server": self.url, "certificate-authority": str(self.folder / "ca.crt")}}],
                 "users": [{"name": "soak", "user": {"token": token}}]}
        (self.folder / name).write_text(json.dumps(value))

    def spawn(self, name, *arguments):
        log = (self.folder / f"{name}.log").open("a")
        self.processes[name] = subprocess.Popen([self.programs / name, *arguments], stdout=log, stderr=log, preexec_fn=lambda: os.nice(1))

    def start(self):
        etcd, peers = f"http://127.0.0.1:{self.etcd_port}", f"http://127.0.0.1:{self.peer_port}"
        self.spawn("etcd", "--data-dir", self.folder / "etcd", "--listen-client-urls", etcd, "--advertise-client-urls", etcd, "--listen-peer-urls", peers,
                   "--initial-advertise-peer-urls", peers, "--initial-cluster", f"default={peers}", "--unsafe-no-fsync", "--log-level", "warn", "--logger", "zap")
        self.start_api()
        end = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if time.monotonic() > end or any(p.poll() is not None for p in self.processes.values()):
                raise SystemExit("the control plane does not start:\n" + "".join((self.folder / f"{n}.log").read_text()[-2000:] for n in self.processes))
            time.sleep(0.2)

    def start_api(self):
        self.spawn("kube-apiserver", f"--etcd-servers=http://127.0.0.1:{self.etcd_port}", "--bind-address=127.0.0.1", f"--secure-port={self.port}",
                   f"--tls-cert-file={self.folder}/api.crt", f"--tls-private-key-file={self.folder}/api.key", f"--token-auth-file={self.folder}/tokens.csv",
                   "--authorization-mode=RBAC", "--service-account-issuer=https://kubernetes.default.svc",
                   f"--service-account-signing-key-file={self.folder}/accounts.key", f"--service-account-key-file={self.folder}/accounts.pub",
                   "--service-cluster-ip-range=10.0.0.0/24", "--advertise-address=192.0.2.1")

    def stop_api(self):
        self.processes["kube-apiserver"].kill()
        self.processes["kube-apiserver"].wait()

    def is_ready(self):
        request = urllib.request.Request(f"{self.url}/readyz", headers={"Authorization": f"Bearer {self.token}"})
        try:
            return urllib.request.urlopen(request, timeout=1, context=self.tls).status == 200
        except OSError:
            return False

    def close(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()

    def kubectl(self, *arguments, text=""):
        done = subprocess.run([self.programs / "kubectl", "--kubeconfig", self.folder / "admin.kubeconfig", *map(str, arguments)], input=text,
                              capture_output=True, text=True, env={"HOME": str(self.folder), "PATH": os.environ["PATH"]})
        if done.returncode != 0:
            raise SystemExit(f"kubectl {' '.join(map(str, arguments))}: {done.stderr}")
        return done.stdout

    def apply(self, objects):
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def install(self, manifests, relay_port):
        """What the manifests install, less what only nodes need; the webhook is called by URL. The kubeconfig is the service account's."""
        objects = [o for o in yaml.safe_load_all(self.kubectl("kustomize", manifests)) if o]
        self.apply([o for o in objects if o["kind"] in INSTALLED])
        self.write_kubeconfig("kubeconfig", self.kubectl("create", "token", "pinhook", "--namespace", "pinhook", "--duration", "12h").strip())
        self.webhooks = next(o for o in objects if o["kind"] == "MutatingWebhookConfiguration")
        authority = base64.b64encode((self.folder / "ca.crt").read_bytes()).decode()
        for one in self.webhooks["webhooks"]:
            path = one["clientConfig"].pop("service")["path"]
            one["clientConfig"] = {"url": f"https://127.0.0.1:{relay_port}{path}", "caBundle": authority}
        self.apply([self.webhooks])

    def write_secrets(self, registries, generation):
        self.apply([{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "regcred", "namespace": f"tenant-{n}"},
                     "type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": json.dumps(
                         {"auths": {f"{r}/private": {"auth": credential(f"tenant-{n}", generation)} for r in registries}})}} for n in range(TENANTS)])

    def make_tenants(self, registries):
        names = [f"tenant-{n}" for n in range(TENANTS)]
        self.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n, "labels": {"pinhook.dev/pin": "enforce"}}} for n in names])
        self.write_secrets(registries, 0)
        self.apply([{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": n},
                     "imagePullSecrets": [{"name": "regcred"}]} for n in names])

    def make_workloads(self, images):
        """Those that are updated: Deployments and a Pod of each tenant. `images`: one for each Deployment; the first is the Pod's, too."""
        def spec(image):
            return {"containers": [{"name": "c0", "image": image}]}
        objects = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one", "namespace": f"tenant-{n}"}, "spec": spec(images[0])} for n in range(TENANTS)]
        objects += [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"app-{i}", "namespace": f"tenant-{n}"},
                     "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "a"}},
                              "template": {"metadata": {"labels": {"app": "a"}}, "spec": spec(images[i])}}}
                    for n in range(TENANTS) for i in range(DEPLOYMENTS)]
        self.apply(objects)
