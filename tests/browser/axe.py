"""axe-core, Deque's checks of accessibility: one pinned release from npm, kept in build/, run in the page at hand."""

import base64
import hashlib
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import unittest

VERSION = "4.14.1"
# As the registry of npm names it: `npm view axe-core@VERSION dist.integrity`.
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
FILE = pathlib.Path(__file__).resolve().parents[2] / f"build/axe-core-{VERSION}.js"


def source():
    """The text of axe-core. Where it is not in build/ yet and npm is not there to fetch it, the test is skipped."""
    if not FILE.exists():
        if not shutil.which("npm"):
            raise unittest.SkipTest(f"axe-core does not check this page: {FILE} is not there, and npm, which fetches it, is "
                                    "not installed (apt-get install npm)")
        fetch()
    return FILE.read_text()


def fetch():
    FILE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FILE.parent) as folder:
        done = subprocess.run(["npm", "pack", "--silent", f"axe-core@{VERSION}"], cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"npm cannot fetch axe-core {VERSION}: {done.stderr.strip()}")
        package = pathlib.Path(folder, f"axe-core-{VERSION}.tgz")
        got = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
        if got != SHA512:
            raise AssertionError(f"axe-core {VERSION} from npm has other bytes than the pinned ones: sha512 {got}")
        with tarfile.open(package) as files:
            text = files.extractfile("package/axe.min.js").read()
        # Whole or not at all, as a run that is interrupted leaves it.
        part = pathlib.Path(folder, "axe.js")
        part.write_bytes(text)
        part.rename(FILE)


def violations(browser):
    """What axe-core finds on the page, a line for each element; all its rules but those it calls experimental."""
    if not browser.run("return Boolean(window.axe)"):
        browser.run(source())
    found = browser.run("return axe.run(document, {resultTypes: ['violations']}).then((all) => all.violations)")
    return [f"{one['id']} ({one['impact']}): {one['help']}: {node['html'][:160]} {node['failureSummary'][:300]}"
            for one in found for node in one["nodes"]]
