#!/usr/bin/env python3
"""The chart and the kustomize overlays say the same, the chart renders with every value, and refuses wrong ones.

    PINHOOK_E2E_BIN=<folder with kubectl, helm, strict_decoder> tests/e2e/manifests_compare/manifests_compare_test.py

Asks nothing of the network or a cluster. Exit code 0: all is well.
"""

import collections
import copy
import json
import os
import shutil
import sys
import tempfile
import unittest

import yaml

sys.dont_write_bytecode = True  # nothing is left in the tree

import difference
import matrix
import references
import rendering

counts = collections.Counter()
met = collections.Counter()


def tearDownModule():
    print("met: " + ", ".join(f"{n} {what}" for what, n in counts.items()), file=sys.stderr)


def the(kind, objects):
    """The object of that kind; of several the one that all overlays have."""
    others = ("-secrets", "-metrics", "-trust-update", "-report", "-console", "-viewer")
    return next(o for o in objects if o["kind"] == kind and not o["metadata"]["name"].endswith(others))


def container(objects):
    return the("Deployment", objects)["spec"]["template"]["spec"]["containers"][0]


class Same(unittest.TestCase):
    def assert_none(self, found):
        if found.differences:
            self.fail("\n".join(["the chart and kustomize differ:", *found.differences]))

    def test_chart_is_what_kustomize_is(self):
        for name, (overlay, components, values) in matrix.SAME.items():
            with self.subTest(name):
                found = difference.compare(rendering.objects(rendering.kustomize(overlay, components)),
                                           rendering.installed(rendering.chart(values)))
                met.update(found.allowed)
                counts.update({"variants": 1, "objects": found.objects, "fields": found.fields})
                self.assert_none(found)
                self.assertGreater(found.fields, 500)
        unused = [reason for reason in difference.ALLOWED if not met[reason]]
        self.assertEqual(unused, [], "differences that may be, but are not: take them out of the table")

    def test_image_of_a_release_is_written_alike(self):
        """manifests/release sets it on both sides; nothing else names an image."""
        release = f"ghcr.io/pinhook/pinhook:9.9.9@{matrix.DIGEST}"
        copy_of_manifests = shutil.copytree(rendering.MANIFESTS, tempfile.mkdtemp(dir=rendering.scratch), dirs_exist_ok=True)
        status, out, err = rendering.run_command([os.path.join(copy_of_manifests, "release"), release])
        self.assertEqual((status, out.strip(), err), (0, release, ""))
        overlay = rendering.succeed("kubectl", "kustomize", os.path.join(copy_of_manifests, "kustomize/overlays/self-managed"))
        chart = rendering.succeed("helm", "template", "pinhook", os.path.join(copy_of_manifests, "helm/pinhook"),
                                  "--namespace", "pinhook", "--kube-version", rendering.KUBERNETES)
        objects = rendering.objects(overlay)
        self.assertEqual(container(objects)["image"], release)
        self.assertEqual({o["metadata"]["labels"]["app.kubernetes.io/version"] for o in objects}, {"9.9.9"})
        self.assert_none(difference.compare(objects, rendering.installed(chart)))

    def test_without_a_release_nothing_is_installed_by_tag(self):
        """kustomize cannot refuse, so the image says that there is none. The chart refuses: matrix.REFUSED."""
        status, _, _ = rendering.run_command([os.path.join(rendering.MANIFESTS, "release"), "--check"])
        examples = sorted(os.listdir(os.path.join(rendering.MANIFESTS, "examples")))
        for overlay in ("self-managed", "cert-manager", *(f"examples/{e}" for e in examples)):
            image = container(rendering.objects(rendering.kustomize(overlay, images=[])))["image"]
            self.assertRegex(image, "@sha256:[0-9a-f]{64}$")
            if status != 0 and overlay != "examples/overlay":  # which names an image
                self.assertEqual(image, "ghcr.io/pinhook/pinhook:no-release-yet@sha256:" + "0" * 64)


RECOMMENDED = {"app.kubernetes.io/" + n for n in ("name", "instance", "version", "component", "part-of", "managed-by")}


class Labels(unittest.TestCase):
    def test_every_object_and_pod_has_the_recommended_ones(self):
        for name, (overlay, components, values) in matrix.SAME.items():
            for text in (rendering.kustomize(overlay, components), rendering.chart(values)):
                for o in rendering.objects(text):
                    of_template = o.get("spec", {}).get("template", {}).get("metadata", {}).get("labels", o["metadata"]["labels"])
                    for labels in (o["metadata"]["labels"], of_template):
                        self.assertEqual(RECOMMENDED - labels.keys(), set(), f"{name}: {o['kind']}")

    def test_components_label_no_object_of_the_user(self):
        """Else pinhook's Service would select the user's Pods."""
        mine = tempfile.mkdtemp(dir=rendering.scratch)
        with open(os.path.join(mine, "kustomization.yaml"), "w", encoding="utf-8") as f:
            f.write("resources: [mine.yaml]\n")
        with open(os.path.join(mine, "mine.yaml"), "w", encoding="utf-8") as f:
            f.write(json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "mine"}, "spec": {
                "template": {"metadata": {"labels": {"app": "mine"}}, "spec": {}}}}))
        every = sorted(os.listdir(os.path.join(rendering.MANIFESTS, "kustomize", "components")))
        text = rendering.kustomization({
            "resources": ["{manifests}/kustomize/overlays/self-managed", os.path.relpath(mine, tempfile.mkdtemp(dir=rendering.scratch))],
            "components": [f"{{manifests}}/kustomize/components/{c}" for c in every]})
        found = next(o for o in rendering.objects(text) if o["metadata"]["name"] == "mine")
        self.assertNotIn("labels", found["metadata"])
        self.assertEqual(found["spec"]["template"]["metadata"]["labels"], {"app": "mine"})


class SelfCheck(unittest.TestCase):
    """A comparison that finds nothing proves nothing, unless it finds what is planted."""

    @classmethod
    def setUpClass(cls):
        cls.objects = rendering.installed(rendering.chart(matrix.MONITORING | matrix.ADMISSION_POLICY))

    def planted(self, kind, change):
        there = copy.deepcopy(self.objects)
        change(the(kind, there))
        return difference.compare(copy.deepcopy(self.objects), there).differences

    def test_finds_what_is_planted(self):
        # Both are from the chart here, and kustomize's side keeps the labels that only a chart has.
        noise = set(difference.compare(copy.deepcopy(self.objects), copy.deepcopy(self.objects)).differences)
        cases = [
            ("Deployment", lambda o: o["spec"].update(replicas=3),
             "Deployment/pinhook spec.replicas: kustomize 2, chart 3"),
            ("Deployment", lambda o: o["spec"]["template"]["spec"]["containers"][0]["env"][0].update(value="/x"),
             "Deployment/pinhook spec.template.spec.containers[pinhook].env[PINHOOK_CONFIG].value: "
             "kustomize '/etc/pinhook/pinhook.yaml', chart '/x'"),
            ("Deployment", lambda o: o["spec"]["template"]["spec"].pop("enableServiceLinks"),
             "Deployment/pinhook spec.template.spec.enableServiceLinks: kustomize False, chart nothing"),
            ("MutatingWebhookConfiguration", lambda o: o["webhooks"][2]["rules"][1]["resources"].append("x"),
             "MutatingWebhookConfiguration/pinhook webhooks[audit.pinhook.dev].rules[1].resources[4]: "
             "kustomize nothing, chart 'x'"),
            ("MutatingWebhookConfiguration", lambda o: o["webhooks"][0].update(failurePolicy="Ignore"),
             "MutatingWebhookConfiguration/pinhook webhooks[enforce.pinhook.dev].failurePolicy: "
             "kustomize 'Fail', chart 'Ignore'"),
            ("ConfigMap", lambda o: o["data"].update({"pinhook.yaml": "threads: '2'"}),
             "ConfigMap/pinhook-config data.pinhook.yaml.threads: kustomize 2, chart '2'"),
            ("ResourceQuota", lambda o: o["spec"]["hard"].update(pods=20.0),
             "ResourceQuota/pinhook spec.hard.pods: kustomize 20, chart 20.0"),
            ("PodDisruptionBudget", lambda o: o["metadata"]["labels"].update({"helm.sh/chart": "y", "more": "x"}),
             "PodDisruptionBudget/pinhook metadata.labels.more: kustomize nothing, chart 'x'"),
        ]
        for kind, change, expected in cases:
            with self.subTest(expected):
                self.assertEqual([d for d in self.planted(kind, change) if d not in noise], [expected])
                counts.update({"planted differences found": 1})

    def test_finds_an_object_too_many_or_too_few(self):
        there = copy.deepcopy(self.objects)
        gone = the("NetworkPolicy", there)
        there.remove(gone)
        self.assertIn("NetworkPolicy/pinhook (object): kustomize {", "\n".join(
            difference.compare(copy.deepcopy(self.objects), there).differences))
        self.assertIn("NetworkPolicy/pinhook (object): kustomize nothing, chart {", "\n".join(
            difference.compare(there, copy.deepcopy(self.objects)).differences))

    def test_finds_another_order_of_what_has_no_names(self):
        found = self.planted("NetworkPolicy", lambda o: o["spec"]["egress"].reverse())
        self.assertTrue([d for d in found if "spec.egress[0]" in d])

    def test_finds_names_that_lead_nowhere(self):
        cases = [
            ("ClusterRoleBinding", lambda o: o["roleRef"].update(name="x"), "ClusterRole x is not there"),
            ("ClusterRoleBinding", lambda o: o["subjects"][0].update(namespace="x"), "bound to an account in x"),
            ("ClusterRole", lambda o: o["rules"][0].update(resourceNames=["x"]),
             "MutatingWebhookConfiguration x is not there"),
            ("Service", lambda o: o["spec"]["selector"].update(a="b"), "a=b selects no Pod"),
            ("Service", lambda o: o["spec"]["ports"][0].update(targetPort="x"), "no port x"),
            ("ConfigMap", lambda o: o["metadata"].update(name="x"), "ConfigMap pinhook-config is not there"),
            ("ServiceMonitor", lambda o: o["spec"]["endpoints"][0].update(port="x"), "no Service with port x"),
            ("ServiceMonitor", lambda o: o["spec"]["selector"]["matchLabels"].update(a="b"), "no Service with port metrics"),
            ("ValidatingAdmissionPolicy", lambda o: o["spec"]["matchConditions"][0].update(expression="x == 'y'"),
             "'system:serviceaccount:pinhook:pinhook' is not in"),
            ("ValidatingAdmissionPolicy", lambda o: o["spec"]["validations"][0].update(expression="request.name == 'y'"),
             "MutatingWebhookConfiguration y is not there"),
            ("ValidatingAdmissionPolicyBinding", lambda o: o["spec"].update(policyName="x"),
             "ValidatingAdmissionPolicy x is not there"),
            ("MutatingWebhookConfiguration", lambda o: o["webhooks"][1]["namespaceSelector"]["matchExpressions"].pop(),
             "best-effort.pinhook.dev: its own namespace is not excluded"),
        ]
        for kind, change, expected in cases:
            with self.subTest(expected):
                there = copy.deepcopy(self.objects)
                change(the(kind, there))
                self.assertTrue([f for f in references.dangling(there) if expected in f], references.dangling(there))


class Chart(unittest.TestCase):
    def check(self, text):
        """Strictly decoded, and every name leads somewhere."""
        status, out, err = rendering.run("strict_decoder", stdin=text)
        faults = [line for line in out.splitlines() if not line.startswith("ok")]
        self.assertEqual((status, faults, err), (0, [], ""))
        there = rendering.installed(text)
        self.assertEqual(references.dangling(there), [])
        counts.update({"renderings decoded": 1})
        return there

    def test_every_option_renders_and_counts(self):
        plain = rendering.chart({})
        for name, values in matrix.OPTIONS.items():
            with self.subTest(name):
                text = rendering.chart(values)
                self.check(text)
                self.assertNotEqual(text, plain, "the option changes nothing")

    def test_every_option_renders_beside_cert_manager(self):
        for name, values in matrix.OPTIONS.items():
            if "certificate" not in values:
                with self.subTest(name):
                    self.check(rendering.chart(values | matrix.CERT_MANAGER))

    def test_values_of_parents_change_nothing(self):
        for name, values in matrix.IGNORED.items():
            with self.subTest(name):
                self.assertEqual(rendering.chart(values), rendering.chart({}))

    def test_other_names_lead_everywhere(self):
        """A release of another name in another namespace, with everything on."""
        for values in (matrix.MONITORING | matrix.AUTOSCALING | matrix.ADMISSION_POLICY | matrix.CONSOLE,
                       matrix.MONITORING | matrix.CERT_MANAGER):
            there = self.check(rendering.chart(values, release="front", namespace="gate"))
            for o in there:
                self.assertEqual(o["metadata"]["name"].split("-")[:2], ["front", "pinhook"], o["kind"])
                self.assertIn(o["metadata"].get("namespace", "gate"), ["gate"])
            rules = json.dumps(the("PrometheusRule", there))
            for gone in ('namespace=\\"pinhook', 'deployment=\\"pinhook', "-n pinhook ",
                         "mutatingwebhookconfiguration/pinhook"):
                self.assertNotIn(gone, rules)
            env = {e["name"]: e.get("value") for o in there if o["kind"] == "Deployment"
                   for e in o["spec"]["template"]["spec"]["containers"][0].get("env", [])}
            self.assertEqual(env["PINHOOK_TLS_WEBHOOK_CONFIGURATION"], "front-pinhook")
            self.assertEqual(env["PINHOOK_TLS_SERVICE"], "front-pinhook")

    def test_ports_follow_the_configuration(self):
        there = self.check(rendering.chart(matrix.OPTIONS["config ports"]))
        self.assertEqual({p["name"]: p["containerPort"] for p in container(there)["ports"]}, {"webhook": 10250, "metrics": 9091})

    def test_a_changed_configuration_rolls_out_and_nothing_else_does(self):
        def checksum(values):
            deployment = the("Deployment", rendering.installed(rendering.chart(values)))
            return deployment["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
        self.assertNotEqual(checksum({}), checksum({"config": {"log": {"level": "debug"}}}))
        self.assertEqual(checksum({}), checksum({"replicaCount": 5, "webhook": {"timeoutSeconds": 3}}))

    def test_authorities_are_named_only_where_the_values_have_them(self):
        """Else an upgrade would take away what pinhook or cert-manager wrote."""
        for name, values in matrix.OPTIONS.items():
            expected = bool(values.get("certificate", {}).get("caBundle"))
            there = rendering.installed(rendering.chart(values))
            configuration = the("MutatingWebhookConfiguration", there)
            for w in configuration["webhooks"]:
                self.assertEqual("caBundle" in w["clientConfig"], expected, name)

    def test_lint_finds_nothing(self):
        for values in [{}, *(values for _, _, values in matrix.SAME.values())]:
            out = rendering.succeed("helm", "lint", "--strict", rendering.CHART, "--kube-version", rendering.KUBERNETES,
                                    "-f", rendering.values_file({"image": rendering.IMAGE} | values))
            self.assertIn("0 chart(s) failed", out)

    def test_oldest_kubernetes(self):
        self.assertIsNone(rendering.refusal({}, kubernetes="1.30.0"))
        self.assertIn(">=1.30.0", rendering.refusal({}, kubernetes="1.29.9"))


class Schema(unittest.TestCase):
    def test_wrong_values_are_refused_with_where_and_why(self):
        for name, (values, words) in matrix.REFUSED.items():
            with self.subTest(name):
                said = rendering.refusal(values)
                self.assertIsNotNone(said, "taken, not refused")
                for word in words:
                    self.assertIn(word, said)
                counts.update({"wrong values refused": 1})

    def test_schema_and_values_have_the_same_keys(self):
        with open(os.path.join(rendering.CHART, "values.schema.json"), encoding="utf-8") as f:
            schema = json.load(f)
        with open(os.path.join(rendering.CHART, "values.yaml"), encoding="utf-8") as f:
            values = yaml.safe_load(f)
        schema["properties"].pop("global")
        schema["properties"].pop("enabled")
        self.same_keys(schema, values, "values")

    def same_keys(self, schema, values, path):
        if "properties" not in schema or not isinstance(values, dict):
            return
        self.assertIs(schema.get("additionalProperties"), False, path)
        # Where values.yaml leaves a map empty, or a part of Kubernetes' own type out, the schema may know more.
        if path not in ("values.resources", "values.certificate.certManager.issuerRef"):
            self.assertEqual(sorted(schema["properties"]), sorted(values), path)
        for k, v in values.items():
            self.same_keys(schema["properties"][k], v, f"{path}.{k}")

    def test_every_value_is_an_option_of_the_matrix(self):
        with open(os.path.join(rendering.CHART, "values.yaml"), encoding="utf-8") as f:
            values = yaml.safe_load(f)
        used = {k for options in matrix.OPTIONS.values() for k in options}
        self.assertEqual(sorted(values.keys() - used), [])


if __name__ == "__main__":
    unittest.main()
