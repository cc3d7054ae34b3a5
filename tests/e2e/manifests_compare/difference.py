"""Compares two sets of Kubernetes objects field by field. Pure: objects in, findings out.

    found = compare(kustomize_objects, chart_objects)
    found.differences   -> ["Deployment/pinhook spec.replicas: kustomize 2, chart 3"]
    found.fields        -> how many values were compared
    found.allowed       -> how often each difference that may be was met

What may differ is the table ALLOWED alone. A list whose elements have names (containers, variables, volumes, webhooks'
conditions) is compared by them, since their order says nothing; every other list by position.
"""

import collections
import re

import yaml

INSTANCE = "app.kubernetes.io/instance"
MANAGED_BY = "app.kubernetes.io/managed-by"
CHART = "helm.sh/chart"
INSTALLATION = "pinhook"

# Name and reason of each; the test fails when one is never met.
ALLOWED = {
    "labels": "a label of every object names the version of the chart",
    "managed-by": "a label of every object names the tool",
    "instance": "the chart selects its own release's Pods, since there may be several releases",
    "checksum": "the chart's Pods restart for a configuration by an annotation, kustomize's by the ConfigMap's name",
    "hash": "the same, on the other side",
    "namespace": "helm installs into a namespace that is there",
    "comments": "kustomize keeps the comments of pinhook.yaml",
}

Found = collections.namedtuple("Found", "differences fields objects allowed")


class Missing:
    def __repr__(self):
        return "nothing"


MISSING = Missing()


def compare(kustomize, chart):
    allowed = collections.Counter()
    left = index(without_allowed_of_kustomize(kustomize, allowed))
    right = index(without_allowed_of_chart(chart, allowed))
    differences, fields = [], 0
    for key in sorted(left.keys() | right.keys()):
        fields += walk(left.get(key, MISSING), right.get(key, MISSING), "/".join(key), "", differences)
    return Found(differences, fields, len(left.keys() | right.keys()), allowed)


def index(objects):
    by_name = {}
    for o in objects:
        namespace = o["metadata"].get("namespace", INSTALLATION)
        key = (o["kind"], o["metadata"]["name"]) + (() if namespace == INSTALLATION else ("in " + namespace,))
        if key in by_name:
            raise ValueError(f"{'/'.join(key)} is there twice")
        by_name[key] = o
    return by_name


def walk(a, b, where, path, differences):
    """Appends what differs, and returns how many values were compared."""
    if isinstance(a, dict) and isinstance(b, dict):
        keys = sorted(a.keys() | b.keys())
        return sum(walk(a.get(k, MISSING), b.get(k, MISSING), where, f"{path}.{k}", differences) for k in keys)
    if isinstance(a, list) and isinstance(b, list):
        a, b = by_position_or_name(a), by_position_or_name(b)
        keys = list(dict.fromkeys([*a, *b]))
        return sum(walk(a.get(k, MISSING), b.get(k, MISSING), where, f"{path}[{k}]", differences) for k in keys)
    if type(a) is not type(b) or a != b:
        differences.append(f"{where} {path.lstrip('.') or '(object)'}: kustomize {a!r}, chart {b!r}")
    return 1


def by_position_or_name(items):
    names = [i.get("name") if isinstance(i, dict) else None for i in items]
    if all(names) and len(set(names)) == len(names):
        return dict(zip(names, items))
    return dict(enumerate(items))


# What may differ, taken away.


def without_allowed_of_kustomize(objects, allowed):
    kept = []
    for o in objects:
        if o["kind"] == "Namespace":
            allowed["namespace"] += 1
            continue
        o = mapped(o, lambda text: re.sub(r"-config-[0-9a-z]{10}$", "-config", text), allowed, "hash")
        without_tool(o, "kustomize", allowed)
        kept.append(with_parsed_configuration(o, allowed, "comments"))
    return kept


def without_allowed_of_chart(objects, allowed):
    kept = []
    for o in objects:
        o = with_parsed_configuration(mapped(o, lambda text: text), None, None)
        without_tool(o, "Helm", allowed)
        if o["metadata"].get("labels", {}).pop(CHART, None):
            allowed["labels"] += 1
        for holder in selectors(o):
            if holder.pop(INSTANCE, None) is not None:
                allowed["instance"] += 1
        template = o["spec"]["template"]["metadata"] if o["kind"] == "Deployment" else {}
        if template.get("annotations", {}).pop("checksum/config", None):
            allowed["checksum"] += 1
            if not template["annotations"]:
                del template["annotations"]
        kept.append(o)
    return kept


def without_tool(o, tool, allowed):
    """Takes away the labels that name the tool, of the object and of its templates."""
    spec = o.get("spec", {})
    jobs = spec.get("jobTemplate", {})
    for metadata in (o["metadata"], spec.get("template", {}).get("metadata", {}), jobs.get("metadata", {}),
                     jobs.get("spec", {}).get("template", {}).get("metadata", {})):
        if metadata.get("labels", {}).get(MANAGED_BY) == tool:
            allowed["managed-by"] += 1
            del metadata["labels"][MANAGED_BY]


def selectors(o):
    if o["kind"] == "Service":
        yield o["spec"]["selector"]
    yield from match_labels(o)


def match_labels(node):
    if isinstance(node, dict):
        if isinstance(node.get("matchLabels"), dict):
            yield node["matchLabels"]
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from match_labels(item)


def mapped(node, change, allowed=None, name=None):
    """A copy, with every text changed by `change`."""
    if isinstance(node, dict):
        return {k: mapped(v, change, allowed, name) for k, v in node.items()}
    if isinstance(node, list):
        return [mapped(v, change, allowed, name) for v in node]
    if isinstance(node, str) and change(node) != node:
        allowed[name] += 1
        return change(node)
    return node


def with_parsed_configuration(o, allowed, name):
    if o["kind"] == "ConfigMap":
        text = o["data"]["pinhook.yaml"]
        if allowed is not None and re.search(r"^\s*#", text, re.M):
            allowed[name] += 1
        o["data"]["pinhook.yaml"] = yaml.safe_load(text)
    return o
