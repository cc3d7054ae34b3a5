"""What the benchmarks of `pinhook report` and `pinhook console` share: the lists of a made-up cluster as files of pages, which an
nginx answers as an API server does, and kubectl beside them."""
import collections, hashlib, json, multiprocessing, os, pathlib, shutil, subprocess, sys, tempfile, time

from slow_line import timed

PAGE = 500
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
    {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 1, "digest": "sha256:" + "1" * 64,
     "platform": {"os": "linux", "architecture": "amd64"}}]}, separators=(",", ":"))
DIGEST = "sha256:" + hashlib.sha256(MANIFEST.encode()).hexdigest()

KINDS = {
    "api/v1": {"namespaces": "Namespace", "pods": "Pod", "podtemplates": "PodTemplate",
               "replicationcontrollers": "ReplicationController"},
    "apis/apps/v1": {"deployments": "Deployment", "replicasets": "ReplicaSet", "statefulsets": "StatefulSet",
                     "daemonsets": "DaemonSet"},
    "apis/batch/v1": {"jobs": "Job", "cronjobs": "CronJob"},
}


def put(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, separators=(",", ":")))


def put_discovery(root):
    put(root / "api/index.json", {"kind": "APIVersions", "versions": ["v1"]})
    groups = [api.split("/")[1] for api in KINDS if api.startswith("apis/")]
    version = lambda group: {"groupVersion": f"{group}/v1", "version": "v1"}
    put(root / "apis/index.json", {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
        {"name": group, "versions": [version(group)], "preferredVersion": version(group)} for group in groups]})
    for api, kinds in KINDS.items():
        put(root / api / "index.json", {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api.split("/", 1)[1], "resources": [
            {"name": name, "singularName": "", "kind": kind, "namespaced": kind != "Namespace", "verbs": ["get", "list", "watch"]}
            for name, kind in kinds.items()]})


def put_list(root, api, name, objects):
    """The pages of a list; an empty one is a page, too."""
    kind = KINDS[api][name]
    for start in range(0, max(len(objects), 1), PAGE):
        more = start + PAGE < len(objects)
        put(root / api / name / f"page-{start or ''}.json", {
            "kind": kind + "List", "apiVersion": api.split("/", 1)[1],
            "metadata": {"resourceVersion": "7", **({"continue": str(start + PAGE), "remainingItemCount": len(objects) - start - PAGE} if more else {})},
            "items": objects[start:start + PAGE]})


def metadata(name, ns, owner=None):
    out = {"name": name, "namespace": ns, "uid": str(hashlib.md5(f"{ns}/{name}".encode()).hexdigest()), "resourceVersion": "12345678",
           "creationTimestamp": "2026-11-01T08:00:00Z", "labels": {"app": name, "app.kubernetes.io/name": name, "pod-template-hash": "6d4cf56db6"},
           "managedFields": [{"manager": manager, "operation": "Update", "apiVersion": "v1", "time": "2026-11-01T08:00:00Z", "fieldsType": "FieldsV1",
                              "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:app": {}, "f:pod-template-hash": {}}}, "f:spec": {
                                  "f:containers": {'k:{"name":"web"}': {".": {}, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {}, "f:resources": {}}}}}}
                             for manager in ("kube-controller-manager", "kubelet")]}
    if owner:
        out["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": owner[0], "name": owner[1], "uid": "0", "controller": True, "blockOwnerDeletion": True}]
    return out


def sidecar(name, image):
    return {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", "args": ["--port", "8080"],
            "resources": {"limits": {"memory": "64Mi"}, "requests": {"cpu": "10m", "memory": "64Mi"}}}


def pod_spec(images):
    """The first image is that of the container "web", the others those of "side-1" and so on."""
    image, *others = images
    return {"containers": [{"name": "web", "image": image, "imagePullPolicy": "IfNotPresent", "args": ["--port", "8080", "--level=info"],
                            "env": [{"name": f"SETTING_{i}", "value": "some value of a setting"} for i in range(12)],
                            "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                            "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10},
                            "resources": {"limits": {"memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
                            "volumeMounts": [{"name": "kube-api-access-x2x7v", "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]},
                           *(sidecar(f"side-{i}", one) for i, one in enumerate(others, 1))],
            "restartPolicy": "Always", "serviceAccountName": "default", "nodeName": "node-1", "tolerations": [
                {"key": f"node.kubernetes.io/{taint}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300} for taint in ("not-ready", "unreachable")]}


def container_status(name, image):
    repository = image.split("@")[0].rsplit(":", 1)[0]
    return {"name": name, "image": image, "imageID": f"{repository}@{DIGEST}", "ready": True, "restartCount": 0, "started": True,
            "containerID": "containerd://" + "5" * 64, "state": {"running": {"startedAt": "2026-11-01T08:00:03Z"}}}


def pod(name, ns, owner, images):
    names = ["web", *(f"side-{i}" for i in range(1, len(images)))]
    return {"metadata": metadata(name, ns, owner), "spec": pod_spec(images), "status": {
        "phase": "Running", "qosClass": "Burstable", "podIP": "10.1.2.3", "startTime": "2026-11-01T08:00:00Z",
        "conditions": [{"type": of, "status": "True", "lastTransitionTime": "2026-11-01T08:00:05Z"} for of in ("Initialized", "Ready", "ContainersReady", "PodScheduled")],
        "containerStatuses": [container_status(*one) for one in zip(names, images)]}}


def deployment(i, images, replicas):
    """The i-th of the cluster."""
    name = f"web-{i}"
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": {"metadata": {"labels": {"app": name}}, "spec": pod_spec(images)}}
    return {"metadata": metadata(name, namespace_of(i)), "spec": spec, "status": {"replicas": replicas}}


NAMESPACES = 20


def namespace_of(i):
    return f"team-{i % NAMESPACES}"


def make_cluster(*arguments):
    """In a process of its own: the peak of a child's memory, as Linux counts it, begins with that of its parent."""
    child = multiprocessing.get_context("fork").Process(target=write_cluster, args=arguments)
    child.start()
    child.join()
    if child.exitcode != 0:
        sys.exit("the lists of the API server could not be written")


def write_cluster(root, workloads, pods_each, images_of):
    """`images_of`: the images of the i-th Deployment."""
    put_discovery(root)
    lists = collections.defaultdict(list)
    for i in range(workloads):
        ns, name, images = namespace_of(i), f"web-{i}", images_of(i)
        made = deployment(i, images, pods_each)
        lists["deployments"].append(made)
        lists["replicasets"].append({**made, "metadata": metadata(name + "-6d4cf56db6", ns, ("Deployment", name))})
        for p in range(pods_each):
            lists["pods"].append(pod(f"{name}-6d4cf56db6-{p:05}", ns, ("ReplicaSet", name + "-6d4cf56db6"), images))
    lists["namespaces"] = [{"metadata": {"name": ns, "labels": {"kubernetes.io/metadata.name": ns}}} for ns in map(namespace_of, range(NAMESPACES))]
    for api, kinds in KINDS.items():
        for name in kinds:
            put_list(root, api, name, lists[name])


def write_kubeconfig(d, name, port):
    path = d / f"{name}.kubeconfig"
    put(path, {"apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
               "users": [{"name": "u", "user": {"token": "t"}}],
               "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{port}/{name}", "certificate-authority": f"{d}/cert.pem"}}]})
    return path


def measured(command, env, codes):
    """Seconds, the peak of the process's memory in MB, and its seconds of CPU."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in codes:
            errors.seek(0)
            sys.exit(f"{command[0]} ended with {process.returncode}: {errors.read()[-2000:].decode()}")
    return time.monotonic() - start, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def find_kubectl():
    tools = pathlib.Path(__file__).resolve().parents[1] / "e2e/tools"
    took, done = timed([tools])
    return done.stdout.strip() + "/kubectl" if done.returncode == 0 else shutil.which("kubectl")
