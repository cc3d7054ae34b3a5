#!/usr/bin/env python3
"""The ways to install pinhook without a clone hold what the manifests hold: files of make manifests, a chart that make
chart pushes to a registry, a kustomization that is named by a Git reference.

    PINHOOK_E2E_BIN=<folder with kubectl, helm, strict_decoder> tests/e2e/manifests_compare/install_files_test.py

Needs make, git and Debian's docker-registry; stays on loopback. Exit code 0: all is well.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # nothing is left in the tree

import matrix
import rendering

OVERLAYS = ("self-managed", "cert-manager")


class Registry:
    """A docker-registry on a port of its own; `host` is its address."""

    def __enter__(self):
        folder = tempfile.mkdtemp(dir=rendering.scratch)
        path = os.path.join(folder, "config.yml")
        with open(path, "w", encoding="utf-8") as f:
            f.write("version: 0.1\nlog: {accesslog: {disabled: true}}\n"
                    f"storage: {{filesystem: {{rootdirectory: {folder}/data}}}}\n"
                    "http: {addr: '127.0.0.1:0', secret: of-the-test}\n")
        self.process = subprocess.Popen(["docker-registry", "serve", path], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        before = "listening on "
        for line in self.process.stdout:
            if before in line:
                self.host = line.split(before)[1].split()[0].strip('",')
                return self
        raise AssertionError("docker-registry does not start")

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


class InstallFiles(unittest.TestCase):
    def setUp(self):
        """A tree of its own, so that the files are not written into this one."""
        self.tree = tempfile.mkdtemp(dir=rendering.scratch)
        shutil.copytree(rendering.MANIFESTS, os.path.join(self.tree, "manifests"))
        os.mkdir(os.path.join(self.tree, ".ci"))
        for name in ("Makefile", ".ci/package"):
            shutil.copy(os.path.join(rendering.ROOT, name), os.path.join(self.tree, name))

    def make(self, *arguments):
        return rendering.run_command(["make", "--no-print-directory", *arguments, f"KUBECTL={rendering.program('kubectl')}",
                                      f"HELM={rendering.program('helm')}"], cwd=self.tree)

    def made(self, *arguments):
        status, out, err = self.make(*arguments)
        self.assertEqual(status, 0, err)
        return out

    def written(self):
        folder = os.path.join(self.tree, "build", "install")
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def read(self, name):
        with open(os.path.join(self.tree, "build", "install", name), encoding="utf-8") as f:
            return f.read()

    def release(self, image):
        status, _, err = rendering.run_command([os.path.join(self.tree, "manifests", "release"), image])
        self.assertEqual(status, 0, err)

    def test_one_file_holds_all_objects_of_an_overlay(self):
        name, digest = rendering.IMAGE.split("@")
        for tag in ("", ":1.2.3"):
            self.made("manifests", f"IMAGE={name}{tag}@{digest}")
            self.assertEqual(self.written(), ["pinhook-cert-manager.yaml", "pinhook-self-managed.yaml"])
            for overlay in OVERLAYS:
                text = self.read(f"pinhook-{overlay}.yaml")
                wanted = rendering.kustomize(overlay).replace(rendering.IMAGE, f"{name}{tag}@{digest}")
                self.assertEqual(rendering.objects(text), rendering.objects(wanted))
                status, out, err = rendering.run("strict_decoder", stdin=text)
                self.assertEqual((status, err), (0, ""), out)

    def test_nothing_is_written_by_tag(self):
        for arguments, words in (([], "There is no release yet"), (["IMAGE=a.example/pinhook:1"], "has no digest"),
                                 (["IMAGE=a.example/pinhook@sha256:01"], "has no digest")):
            for what in ("manifests", "chart"):
                status, _, err = self.make(what, *arguments)
                self.assertNotEqual(status, 0)
                self.assertIn(words, err)
        self.assertEqual(self.written(), [])

    def test_a_release_needs_no_image(self):
        image = f"ghcr.io/pinhook/pinhook:9.9.9@{matrix.DIGEST}"
        self.release(image)
        self.made("manifests")
        self.assertIn(f"image: {image}\n", self.read("pinhook-self-managed.yaml"))
        self.made("chart")
        self.assertIn("pinhook-9.9.9.tgz", self.written())
        chart = os.path.join(self.tree, "build/install/pinhook-9.9.9.tgz")
        text = rendering.succeed("helm", "template", "pinhook", chart, "--kube-version", rendering.KUBERNETES)
        self.assertIn(f'image: "{image}"\n', text)

    def test_a_pushed_chart_is_installed_from_the_registry(self):
        with Registry() as registry:
            charts = f"oci://{registry.host}/charts"
            out = self.made("chart", f"IMAGE={rendering.IMAGE}", f"CHARTS={charts}", "HELM_PUSH_FLAGS=--plain-http")
            self.assertIn(f"Pushed: {registry.host}/charts/pinhook:", out)
            version = out.split("/charts/pinhook:")[1].split()[0]
            # helm writes on stderr what it pulls.
            status, text, err = rendering.run("helm", "template", "pinhook", f"{charts}/pinhook", "--version", version,
                                              "--plain-http", "--namespace", "pinhook", "--kube-version", rendering.KUBERNETES)
            self.assertEqual(status, 0, err)
            self.assertEqual(rendering.objects(text), rendering.objects(rendering.chart({})))

    def test_a_git_reference_is_what_was_tagged(self):
        def git(*arguments):
            status, _, err = rendering.run_command(["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments],
                                                   cwd=self.tree)
            self.assertEqual(status, 0, err)
        image = f"ghcr.io/pinhook/pinhook:9.9.9@{matrix.DIGEST}"
        self.release(image)
        git("init", "-q")
        git("add", "manifests")
        git("commit", "-q", "-m", "9.9.9")
        git("tag", "v9.9.9")
        # What comes after the tag does not count.
        os.remove(os.path.join(self.tree, "manifests/kustomize/base/kustomization.yaml"))
        git("commit", "-q", "-a", "-m", "later")
        for overlay in OVERLAYS:
            text = rendering.succeed("kubectl", "kustomize",
                                     f"file://{self.tree}//manifests/kustomize/overlays/{overlay}?ref=v9.9.9")
            self.assertIn(f"image: {image}\n", text)
            self.assertEqual(len(rendering.objects(text)), len(rendering.objects(rendering.kustomize(overlay))))


if __name__ == "__main__":
    unittest.main()
