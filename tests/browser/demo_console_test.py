"""`pinhook demo --console` in a browser: its pages say that nothing of it exists, and its alarms come up.

`PINHOOK` names the program, build/release/pinhook unless told otherwise."""

import os
import pathlib
import signal
import subprocess
import unittest

import axe
from driver import Browser, is_there

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("PINHOOK", "build/release/pinhook")
PICTURES = ROOT / "build/console-pictures"
# Each with a text that is there once its answer is drawn.
PAGES = {"#/": "Newest moves", "#/entities": "7 images", "#/images": "with a tag that runs as two digests",
         "#/rules": "findings", "#/entity/shop/apps/Deployment/web": "Evidence"}
BANNER = "This is a demo: none of these objects exist, nor do their images."


@unittest.skipUnless(is_there(), "there is no chromium with its driver")
class DemoConsole(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not PROGRAM.exists():
            raise AssertionError(f"{PROGRAM} does not exist: make build makes it, PINHOOK=FILE names another")
        PICTURES.mkdir(parents=True, exist_ok=True)
        cls.demo = subprocess.Popen([PROGRAM, "demo", "--console"], stderr=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.end_demo)
        cls.url = ""
        for line in cls.demo.stderr:
            if "http://127.0.0.1:" in line:
                cls.url = "http://" + line.strip().rsplit("http://", 1)[1].rstrip("/") + "/"
                break
        if not cls.url:
            raise AssertionError(f"{PROGRAM} demo --console ended with {cls.demo.wait()} and named no address")
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()

    @classmethod
    def end_demo(cls):
        cls.demo.send_signal(signal.SIGINT)
        cls.demo.wait(timeout=30)
        cls.demo.stderr.close()

    def open(self, page):
        # Another address first: one that differs only behind "#" is not loaded again, and would keep the line.
        self.browser.go("about:blank")
        self.browser.go(self.url + page)
        self.browser.wait_for("return document.querySelector('main').textContent.includes(arguments[0])", PAGES[page])

    def test_each_page_says_that_it_is_made_up(self):
        for width in (1280, 375):
            self.browser.size(width)
            for page in PAGES:
                self.open(page)
                self.browser.wait_for("return !document.querySelector('#notes').hidden")
                line = self.browser.run("const n = document.querySelector('#notes'), at = n.getBoundingClientRect();"
                                        "return {text: n.innerText, top: at.top, height: at.height}")
                self.assertIn(BANNER, line["text"], page)
                self.assertTrue(line["height"] > 0 and line["top"] < 300, f"{page} shows it where nobody looks: {line}")
                self.assertTrue(self.browser.run("return document.querySelector('#state').innerText")
                                .startswith("made-up objects"), page)
        self.assertEqual([one for one in self.browser.complaints() if "favicon" not in one], [])

    def test_the_evidence_is_where_the_object_has_the_image(self):
        self.open("#/entity/shop/apps/Deployment/web")
        # The object's lines come after the page: until then it shows what the row says of the image.
        self.browser.wait_for(
            "return document.querySelector('.evidence').textContent.startsWith(arguments[0])",
            "# lines 3 to 11 of 11\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  template:\n"
            "    spec:\n      containers:\n        - name: web\n          image: 127.0.0.1:")

    def test_there_is_a_history_of_thirty_days(self):
        self.open("#/")
        self.assertTrue(self.browser.run("return document.querySelector('.trend').ariaLabel").startswith("6 on "))
        self.browser.go("about:blank")
        self.browser.go(self.url + "#/entity/lab/apps/Deployment/trial")
        self.browser.wait_for("return document.querySelector('main').textContent.includes('in violation for 12 days')")

    def test_axe_finds_no_violation(self):
        axe.source()
        for page in PAGES:
            self.open(page)
            self.browser.wait_for("return !document.querySelector('#notes').hidden")
            for colours in ("dark", "light"):
                self.browser.colours(colours)
                with self.subTest(page=page, colours=colours):
                    self.assertEqual(axe.violations(self.browser), [])

    def test_the_alarms_of_the_made_up_cluster_come_up(self):
        self.browser.size(1280, 880)
        self.open("#/")
        for alarm, count in {"moved-version": 1, "gone": 1, "mixed": 1}.items():
            self.browser.wait_for("return document.querySelector('.alarms a[href*=\"state=' + arguments[0] + '\"]')"
                                  ".nextSibling.textContent === arguments[1]", alarm, str(count))
        self.browser.picture(PICTURES / "demo.png")


if __name__ == "__main__":
    unittest.main(verbosity=2)
