"""Renders the manifests by the real kubectl and helm, without a cluster and without the user's configuration.

$PINHOOK_E2E_BIN names the folder with kubectl, helm and strict_decoder.
"""

import atexit
import functools
import json
import os
import shutil
import subprocess
import tempfile

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
MANIFESTS = os.path.join(ROOT, "manifests")
CHART = os.path.join(MANIFESTS, "helm", "pinhook")
# Of an installation, where a test does not name another.
IMAGE = "registry.example.com/tools/pinhook@sha256:" + "fedcba9876543210" * 4
# A helm that is built from its module believes that clusters are at 1.20 when it has none to ask.
KUBERNETES = "1.35.0"
SECONDS = 60

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
scratch = tempfile.mkdtemp(prefix="manifests-compare-")
atexit.register(shutil.rmtree, scratch, ignore_errors=True)


def program(name):
    folder = os.environ.get("PINHOOK_E2E_BIN")
    if not folder:
        raise SystemExit("PINHOOK_E2E_BIN is not set: it names the folder with kubectl, helm and strict_decoder")
    path = os.path.join(os.path.abspath(folder), name)
    if not os.access(path, os.X_OK):
        raise SystemExit(f"PINHOOK_E2E_BIN: {path} is not there, or is no program")
    return path


def run(name, *arguments, stdin=None):
    """The exit code, stdout and stderr of one of the programs."""
    return run_command([program(name), *arguments], stdin=stdin)


def run_command(command, stdin=None, cwd=scratch, **environment):
    """The same of any command; `environment` is added to one that holds no user's configuration."""
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": scratch, "KUBECONFIG": os.devnull} | environment
    done = subprocess.run(command, input=stdin, env=environment, cwd=cwd, capture_output=True, text=True,
                          timeout=SECONDS, check=False)
    return done.returncode, done.stdout, done.stderr


def succeed(name, *arguments):
    status, out, err = run(name, *arguments)
    if status != 0 or err:
        raise AssertionError(f"{name} {' '.join(arguments)}: exit code {status}: {err.strip()}")
    return out


def objects(text):
    return [o for o in yaml.load_all(text, Loader=Loader) if o]


def kustomization(content):
    """The rendering of a kustomization, in whose resources and components "{manifests}" is the folder of that name; rendered
    once for the same question."""
    return kustomization_once(json.dumps(content))


@functools.cache
def kustomization_once(content):
    folder = tempfile.mkdtemp(dir=scratch)
    relative = os.path.relpath(os.path.realpath(MANIFESTS), os.path.realpath(folder))
    with open(os.path.join(folder, "kustomization.yaml"), "w", encoding="utf-8") as f:
        f.write(content.replace("{manifests}", relative))
    return succeed("kubectl", "kustomize", folder)


def kustomize(overlay, components=(), **more):
    """The text of an overlay, with components and the image on top as a user's own kustomization has them."""
    folder = overlay if overlay.startswith("examples/") else f"kustomize/overlays/{overlay}"
    name, digest = IMAGE.split("@")
    return kustomization({
        "resources": [f"{{manifests}}/{folder}"],
        "components": [f"{{manifests}}/kustomize/components/{c}" for c in components],
        "images": [{"name": "ghcr.io/pinhook/pinhook", "newName": name, "digest": digest}]} | more)


def values_file(values):
    handle, path = tempfile.mkstemp(dir=scratch, suffix=".json")
    with open(handle, "w", encoding="utf-8") as f:
        json.dump(values, f)
    return path


def template_arguments(values, release, namespace, kubernetes=KUBERNETES):
    return ["template", release, CHART, "--namespace", namespace, "--kube-version", kubernetes,
            "-f", values_file({"image": IMAGE} | values)]


def chart(values, release="pinhook", namespace="pinhook"):
    """The text of the chart, with its hooks; rendered once for the same question."""
    return chart_once(json.dumps(values, sort_keys=True), release, namespace)


@functools.cache
def chart_once(values, release, namespace):
    return succeed("helm", *template_arguments(json.loads(values), release, namespace))


def installed(text):
    """The objects of a rendering that helm installs: all but the hooks, which are its tests."""
    return [o for o in objects(text) if "helm.sh/hook" not in o["metadata"].get("annotations", {})]


def refusal(values, kubernetes=KUBERNETES):
    """What helm says against values; None when it takes them."""
    status, _, err = run("helm", *template_arguments(values, "pinhook", "pinhook", kubernetes))
    return None if status == 0 else err
