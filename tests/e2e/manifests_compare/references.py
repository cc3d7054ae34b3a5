"""Says which names in a rendering point to nothing: roles, accounts, ports, selectors, Secrets. Pure.

    dangling(objects) -> ["ClusterRoleBinding/pinhook: ClusterRole pinhook is not there"]
"""

import re


def dangling(objects):
    there = {(o["kind"], o["metadata"]["name"]): o for o in objects}
    faults = []
    for o in objects:
        where = f"{o['kind']}/{o['metadata']['name']}"
        for fault in CHECKS.get(o["kind"], lambda o, there: [])(o, there):
            faults.append(f"{where}: {fault}")
    return faults


def expect(there, kind, name, namespace=None):
    o = there.get((kind, name))
    if o is None:
        return [f"{kind} {name} is not there"]
    if namespace is not None and o["metadata"].get("namespace") != namespace:
        return [f"{kind} {name} is in {o['metadata'].get('namespace')}, not in {namespace}"]
    return []


def webhook(there):
    """The Deployment of the webhook; the console has one, too."""
    return next(o for (kind, _), o in there.items() if kind == "Deployment"
                and o["metadata"]["labels"]["app.kubernetes.io/component"] == "webhook")


def template(there):
    return webhook(there)["spec"]["template"]


def templates(there):
    """Of the Deployments, and of CronJobs where there are some."""
    jobs = [o["spec"]["jobTemplate"]["spec"]["template"] for (kind, _), o in there.items() if kind == "CronJob"]
    return [o["spec"]["template"] for (kind, _), o in there.items() if kind == "Deployment"] + jobs


def selects(selector, labels, what):
    wrong = [f"{k}={v}" for k, v in selector.items() if labels.get(k) != v]
    return [f"{', '.join(wrong)} selects no {what}"] if wrong or not selector else []


def ports(of):
    return {p["name"] for p in of["spec"]["containers"][0].get("ports", [])}


def binding(o, there):
    faults = expect(there, o["roleRef"]["kind"], o["roleRef"]["name"])
    accounts = [t["spec"]["serviceAccountName"] for t in templates(there)]
    for s in o["subjects"]:
        if s["name"] not in accounts:
            faults.append(f"bound to {s['name']}, while Pods run as {', '.join(accounts)}")
        if s["namespace"] != deployment_namespace(there):
            faults.append(f"bound to an account in {s['namespace']}")
    return faults


def deployment_namespace(there):
    return webhook(there)["metadata"]["namespace"]


def role(o, there):
    faults = []
    for r in o["rules"]:
        for name in r.get("resourceNames", []):
            if r["resources"] == ["mutatingwebhookconfigurations"]:
                faults += expect(there, "MutatingWebhookConfiguration", name)
    return faults


def deployment(o, there):
    faults = selects(o["spec"]["selector"]["matchLabels"], o["spec"]["template"]["metadata"]["labels"], "Pod")
    spec = o["spec"]["template"]["spec"]
    container = spec["containers"][0]
    volumes = {v["name"] for v in spec["volumes"]}
    mounts = {m["name"] for m in container["volumeMounts"]}
    faults += [f"volume {v} is not mounted" for v in volumes - mounts] + [f"no volume {v}" for v in mounts - volumes]
    for v in spec["volumes"]:
        # Those the operator makes, and the CronJob.
        if "configMap" in v and v["name"] not in ("lock", "moves", "callers", "trust"):
            faults += expect(there, "ConfigMap", v["configMap"]["name"], o["metadata"]["namespace"])
        # One of the user's is called so.
        if "persistentVolumeClaim" in v and v["persistentVolumeClaim"]["claimName"] != "mine":
            faults += expect(there, "PersistentVolumeClaim", v["persistentVolumeClaim"]["claimName"], o["metadata"]["namespace"])
    if container["image"] != template(there)["spec"]["containers"][0]["image"]:
        faults.append("its image is not the webhook's")
    for probe in ("readinessProbe", "livenessProbe"):
        if container[probe]["httpGet"]["port"] not in ports(o["spec"]["template"]):
            faults.append(f"{probe}: no port {container[probe]['httpGet']['port']}")
    return faults


# By the command of a CronJob: the volume of the Deployment that it fills, and the option that names its ConfigMap.
WRITTEN = {"trust": ("trust", "--configmap"), "report": ("moves", "--moves-configmap")}


def cron_job(o, there):
    """It writes a ConfigMap that the Deployment mounts, by a Role for that one."""
    spec = o["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    container = spec["containers"][0]
    namespace = o["metadata"]["namespace"]
    faults = expect(there, "ServiceAccount", spec["serviceAccountName"], namespace)
    faults += [f for v in spec["volumes"] if v["name"] == "history" and v["persistentVolumeClaim"]["claimName"] != "mine"
               for f in expect(there, "PersistentVolumeClaim", v["persistentVolumeClaim"]["claimName"], namespace)]
    volume, option = WRITTEN[container["args"][0]]
    mounted = [v["configMap"]["name"] for v in template(there)["spec"]["volumes"] if v["name"] == volume]
    for name in mounted or ["(none)"]:
        if f"{option}={namespace}/{name}" not in container["args"]:
            faults.append(f"{name} is mounted, and it runs {container['args']}")
        role = there.get(("Role", spec["serviceAccountName"]))
        if role is not None and role["rules"][0]["resourceNames"] != [name]:
            faults.append(f"{name} is mounted, and it may write {role['rules'][0]['resourceNames']}")
    if container["image"] != template(there)["spec"]["containers"][0]["image"]:
        faults.append("its image is not the Deployment's")
    return faults


def service(o, there):
    found = [t for t in templates(there) if not selects(o["spec"]["selector"], t["metadata"]["labels"], "Pod")]
    if not found:
        return selects(o["spec"]["selector"], template(there)["metadata"]["labels"], "Pod")
    faults = ["selects Pods of more than one Deployment"] * (len(found) > 1)
    return faults + [f"no port {p['targetPort']}" for p in o["spec"]["ports"] if p["targetPort"] not in ports(found[0])]


def selecting_pods(field):
    def check(o, there):
        found = [selects(o["spec"][field]["matchLabels"], t["metadata"]["labels"], "Pod") for t in templates(there)]
        return [] if [] in found else found[0]
    return check


def service_monitor(o, there):
    wanted = {e["port"] for e in o["spec"]["endpoints"]}
    found = [s for (kind, _), s in there.items() if kind == "Service"
             and not selects(o["spec"]["selector"]["matchLabels"], s["metadata"]["labels"], "Service")]
    offered = [{p["name"] for p in s["spec"]["ports"]} & wanted for s in found]
    faults = [f"no Service with port {port}" for port in wanted - set().union(*offered)]
    # Two Services would give each replica twice.
    return faults + ["more than one Service has its port"] * (sum(map(bool, offered)) > 1)


def admission_policy(o, there):
    """The policy is about the account and the webhook configuration of this installation."""
    account = template(there)["spec"]["serviceAccountName"]
    user = f"'system:serviceaccount:{deployment_namespace(there)}:{account}'"
    named = [c["expression"] for c in o["spec"]["matchConditions"]]
    faults = [f"{user} is not in {named}"] if not any(e.endswith(f"== {user}") for e in named) else []
    names = re.findall(r"request\.name == '([^']*)'", o["spec"]["validations"][0]["expression"])
    return faults + [f for name in names or ["(none)"] for f in expect(there, "MutatingWebhookConfiguration", name)]


def policy_binding(o, there):
    return expect(there, "ValidatingAdmissionPolicy", o["spec"]["policyName"])


def autoscaler(o, there):
    target = o["spec"]["scaleTargetRef"]
    return expect(there, target["kind"], target["name"], o["metadata"]["namespace"])


def webhooks(o, there):
    faults = []
    for w in o["webhooks"]:
        called = w["clientConfig"]["service"]
        faults += expect(there, "Service", called["name"], called["namespace"])
        excluded = [e["values"] for e in w["namespaceSelector"]["matchExpressions"]
                    if e["key"] == "kubernetes.io/metadata.name" and e["operator"] == "NotIn"]
        if not any(deployment_namespace(there) in values for values in excluded):
            faults.append(f"{w['name']}: its own namespace is not excluded")
    source = o["metadata"].get("annotations", {}).get("cert-manager.io/inject-ca-from")
    if source:
        namespace, name = source.split("/")
        faults += expect(there, "Certificate", name, namespace)
    return faults


def certificate(o, there):
    issuer = o["spec"]["issuerRef"]
    faults = expect(there, "Issuer", issuer["name"], o["metadata"]["namespace"]) if issuer["kind"] == "Issuer" else []
    if not o["spec"].get("isCA"):
        mounted = [v["secret"]["secretName"] for v in template(there)["spec"]["volumes"] if "secret" in v]
        if o["spec"]["secretName"] not in mounted:
            faults.append(f"Secret {o['spec']['secretName']} is not mounted")
        host = o["spec"]["dnsNames"][0].split(".")
        faults += expect(there, "Service", host[0], host[1])
    return faults


CHECKS = {
    "ClusterRoleBinding": binding,
    "RoleBinding": binding,
    "ClusterRole": role,
    "Role": role,
    "Deployment": deployment,
    "CronJob": cron_job,
    "Service": service,
    "PodDisruptionBudget": selecting_pods("selector"),
    "NetworkPolicy": selecting_pods("podSelector"),
    "ServiceMonitor": service_monitor,
    "HorizontalPodAutoscaler": autoscaler,
    "MutatingWebhookConfiguration": webhooks,
    "Certificate": certificate,
    "ValidatingAdmissionPolicy": admission_policy,
    "ValidatingAdmissionPolicyBinding": policy_binding,
}
