"""The console's page in a real browser: each page, filters, the keyboard, hostile texts, widths, light and dark.

`make console-test` runs it where chromium is. Pictures go to build/console-pictures, for a person to look at."""

import pathlib
import unittest
import urllib.parse

import axe
from canned import HOSTILE, Canned
from driver import Browser, is_there

PICTURES = pathlib.Path(__file__).resolve().parents[2] / "build/console-pictures"
# Keys of WebDriver.
TAB, ENTER, DOWN, END, HOME = "\ue004", "\ue007", "\ue015", "\ue010", "\ue011"
PAGES = {"overview": "#/", "entities": "#/entities", "images": "#/images", "rules": "#/rules",
         "entity": "#/entity/team-31/apps/Deployment/app-00031"}
HEADINGS = {"overview": "Overview", "entities": "Entities", "images": "Images", "rules": "Rules",
            "entity": "Deployment/app-00031"}


@unittest.skipUnless(is_there(), "there is no chromium with its driver")
class ConsolePages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        PICTURES.mkdir(parents=True, exist_ok=True)
        cls.console = Canned()
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.console.close()

    def setUp(self):
        self.console.token, self.console.is_away = "", False
        self.console.state["behind_since"] = None
        self.browser.size(1280)
        self.browser.colours("light")

    def tearDown(self):
        # No text of the cluster became an element or ran, on whatever page the test was.
        self.assertNotEqual(self.browser.run("return document.title"), "owned")
        self.assertEqual(self.browser.run("return document.querySelectorAll('main img, main script, header img').length"), 0)
        self.assertEqual([one for one in self.browser.complaints() if "favicon" not in one and "401" not in one and "400" not in one and "/objects/" not in one
                          and "ERR_" not in one], [])

    def open(self, page, heading):
        # Another address first: one that differs only behind "#" is not loaded again.
        self.browser.go("about:blank")
        self.browser.go(self.console.url + page)
        self.browser.wait_for("return document.querySelector('main h2')?.textContent.startsWith(arguments[0])", heading)

    def total(self, expected):
        self.browser.wait_for("return document.querySelector('main p[role=status]')?.textContent.startsWith(arguments[0])",
                              "%d " % expected)

    def test_each_page_at_each_width_in_light_and_dark(self):
        for name, page in PAGES.items():
            self.open(page, HEADINGS[name])
            for width in (375, 1280, 2560):
                for colours in ("light", "dark"):
                    self.browser.size(width)
                    self.browser.colours(colours)
                    wide = self.browser.run("return document.documentElement.scrollWidth")
                    self.assertLessEqual(wide, width, name + " scrolls sideways")
                    self.browser.picture(PICTURES / f"{name}-{width}-{colours}.png")

    def test_texts_keep_their_contrast(self):
        script = """
          const lightness = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map((v) => (v /= 255) <= 0.03928
            ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
            if (!/, 0\\)$/.test(c)) return c; } return getComputedStyle(document.body).backgroundColor; };
          const bad = [];
          for (const e of document.querySelectorAll("body *")) {
            if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.offsetParent) continue;
            const a = lightness(getComputedStyle(e).color), b = lightness(ground(e));
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (contrast < 4.5) bad.push(e.tagName + " " + e.className + " " + contrast.toFixed(2));
          }
          return bad;"""
        for name, page in PAGES.items():
            self.open(page, HEADINGS[name])
            for colours in ("light", "dark"):
                self.browser.colours(colours)
                self.assertEqual(self.browser.run(script), [], name + " " + colours)

    def test_axe_finds_no_violation(self):
        axe.source()
        for name, page in PAGES.items():
            self.open(page, HEADINGS[name])
            if name == "entities":
                self.browser.wait_for("return document.querySelector('.item a')?.href")
            for width in (375, 1280):
                self.browser.size(width)
                for colours in ("light", "dark"):
                    self.browser.colours(colours)
                    with self.subTest(page=name, width=width, colours=colours):
                        self.assertEqual(axe.violations(self.browser), [])

    def test_axe_finds_no_violation_where_a_token_is_asked_for_and_where_it_is_late(self):
        axe.source()
        self.console.token = "the-token"
        self.open("#/", "A token")
        self.assertEqual(axe.violations(self.browser), [])
        self.console.token = ""
        self.console.state["behind_since"] = "2026-11-30T01:00:00Z"
        for colours in ("light", "dark"):
            self.browser.colours(colours)
            self.open("#/", "Overview")
            self.browser.wait_for("return document.querySelector('#state').className === 'late'")
            self.assertEqual(axe.violations(self.browser), [])

    def test_axe_finds_a_control_without_a_name(self):
        axe.source()
        self.open(PAGES["rules"], HEADINGS["rules"])
        self.browser.run("document.querySelector('header').append(document.createElement('button'))")
        found = axe.violations(self.browser)
        self.assertEqual(len(found), 1, found)
        self.assertIn("button-name", found[0])

    def test_every_control_has_a_name(self):
        for name, page in PAGES.items():
            self.open(page, HEADINGS[name])
            nameless = self.browser.run(
                "return [...document.querySelectorAll('a, button, input, select')].filter((e) => !(e.textContent.trim() ||"
                " e.closest('label')?.textContent.trim() || e.getAttribute('aria-label'))).map((e) => e.outerHTML)")
            self.assertEqual(nameless, [], name)

    def test_hostile_texts_are_shown_as_they_are(self):
        for name in ("overview", "images", "rules"):
            self.open(PAGES[name], HEADINGS[name])
            self.assertIn(HOSTILE, self.browser.run("return document.querySelector('main').textContent"), name)
        self.open("#/entities?search=app-00099", "Entities")
        self.total(1)
        self.browser.wait_for("return document.querySelector('.item')?.textContent.includes('onerror')")
        self.browser.run("document.querySelector('.item a').click()")
        self.browser.wait_for("return document.querySelector('main h2')?.textContent.startsWith('Deployment/app-00099')")
        self.assertIn(HOSTILE, self.browser.run("return document.querySelector('main pre').textContent"))

    def test_fifteen_thousand_rows_are_drawn_by_the_window(self):
        self.open("#/entities", "Entities")
        self.total(15_000)
        self.assertLess(self.browser.run("return document.querySelectorAll('.item').length"), 80)
        took = self.browser.run(
            "const view = document.querySelector('.view'), begin = performance.now();"
            "for (let i = 0; i < 60; ++i) { view.scrollTop += 700; view.dispatchEvent(new Event('scroll'));"
            " view.getBoundingClientRect(); } return (performance.now() - begin) / 60;")
        self.assertLess(took, 100, "ms for a step")
        self.browser.run("document.querySelector('.view').scrollTop = 1e9")
        self.browser.wait_for("return [...document.querySelectorAll('.item')].at(-1)?.textContent.includes('app-14999')")

    def test_each_filter_is_in_the_address(self):
        for query, count in {"state=mixed": 484, "rule=latest": 3_000, "mode=none": 7_500, "search=APP-00031": 1,
                             "namespace=team-01": 375, "label=app%3D00031": 1, "state=pinned&mode=enforce": 1_500}.items():
            self.open("#/entities?" + query, "Entities")
            expected = sum(Canned.matches(one, dict(urllib.parse.parse_qsl(query)))
                           for one in self.console.rows)
            self.total(expected)
            self.assertLessEqual(abs(expected - count), 5, query)

    def test_a_filter_that_is_chosen_goes_into_the_address(self):
        self.open("#/entities", "Entities")
        self.total(15_000)
        self.browser.run("const s = document.querySelector('select[name=state]'); s.value = 'latest';"
                         "s.dispatchEvent(new Event('change', {bubbles: true}))")
        self.browser.wait_for("return location.hash === '#/entities?state=latest'")
        self.total(3_000)
        self.browser.run("document.querySelector('button[type=reset]').click()")
        self.total(15_000)
        self.browser.run("document.querySelector('.head button').click()")
        self.browser.wait_for("return location.hash === '#/entities?sort=place'")

    def test_a_label_that_is_no_selector_is_told_where_it_was_typed(self):
        self.open("#/entities", "Entities")
        self.total(15_000)
        self.browser.run("const i = document.querySelector('input[name=label]'); i.value = 'app=';"
                         "i.dispatchEvent(new Event('change', {bubbles: true}))")
        self.browser.wait_for("return document.querySelector('main p[role=status]')?.textContent === arguments[0]",
                              "label: " + HOSTILE)
        self.assertEqual(self.browser.run("return document.querySelector('input[name=label]').value"), "app=")
        self.assertEqual(self.browser.run("return document.querySelectorAll('.item').length"), 0)

    def test_exceptions_stand_with_the_rules_from_which_they_take_images(self):
        self.open(PAGES["rules"], HEADINGS["rules"])
        items = self.browser.run("return [...document.querySelectorAll('main section:first-of-type li')].map((e) => e.textContent)")
        self.assertEqual(items[0], "sandbox%s (allow%s): images docker.io/**%s; namespaces sandbox, %s; kinds %s; containers %s; "
                         "types of containers %s · 7 images" % ((HOSTILE,) * 7))
        self.assertEqual(items[1], "all (allow%s): all images · no image now" % HOSTILE)
        self.browser.run("document.querySelector('main section:first-of-type li a').click()")
        self.browser.wait_for("return location.hash.startsWith('#/entities?exception=sandbox')")
        self.browser.wait_for("return document.querySelector('main').textContent.includes('Exceptions by sandbox')")

    def test_images_are_drawn_some_at_a_time(self):
        self.open("#/images?search=many", "Images")
        shown = "return document.querySelectorAll('main .card').length"
        for count in (200, 400):
            self.browser.wait_for(shown + " === arguments[0]", count)
            self.browser.run("[...document.querySelectorAll('main a')].find((e) => e.textContent === 'Show 200 more').click()")
        self.browser.wait_for(shown + " === 450")
        self.assertEqual(self.browser.run("return location.hash"), "#/images?search=many&limit=600")
        self.assertNotIn("more", self.browser.run("return document.querySelector('main').textContent"))

    def test_a_label_of_an_entity_leads_to_those_that_have_it(self):
        self.open(PAGES["entity"], HEADINGS["entity"])
        self.assertIn(HOSTILE + "=" + HOSTILE, self.browser.run("return document.querySelector('main').textContent"))
        self.browser.run("[...document.querySelectorAll('main a')].find((e) => e.textContent === 'app=web').click()")
        self.browser.wait_for("return location.hash === '#/entities?label=app%3Dweb'")

    def test_the_keyboard_is_enough(self):
        self.open("#/entities", "Entities")
        self.browser.wait_for("return document.querySelector('.item a')?.href")
        for _ in range(40):
            self.browser.press(TAB)
            if self.browser.run("return document.activeElement.matches('.item a')"):
                break
        at = "return Number(document.activeElement.dataset.index)"
        self.assertEqual(self.browser.run(at), 0)
        for _ in range(3):
            self.browser.press(DOWN)
        self.assertEqual(self.browser.run(at), 3)
        self.browser.press(END)
        self.assertEqual(self.browser.run(at), 14_999)
        self.browser.press(HOME)
        self.browser.wait_for("return document.activeElement.dataset.index === '0' && document.activeElement.href")
        self.browser.press(ENTER)
        self.browser.wait_for("return document.querySelector('main h2')?.textContent === 'Deployment/app-00000'")

    def test_a_click_on_a_row_opens_it(self):
        self.open("#/entities?search=app-00042", "Entities")
        self.browser.wait_for("return document.querySelector('.item a')?.href")
        self.browser.run("document.querySelector('.item').lastElementChild.click()")
        self.browser.wait_for("return document.querySelector('main h2')?.textContent === 'Deployment/app-00042'")

    def test_the_overview_shows_how_images_were_written(self):
        self.open(PAGES["overview"], HEADINGS["overview"])
        cards = self.browser.run("return [...document.querySelectorAll('.card')].map((e) => e.textContent)")
        card = next(one for one in cards if one.startswith("How images were written, 30 days"))
        self.assertIn("pinned 0 → 1160", card)
        self.assertIn("latest 900 → 30", card)
        # The areas lie on each other and fill the height at the highest day.
        areas = self.browser.run("return [...document.querySelectorAll('.trend .share')].map((e) => e.getAttribute('points'))")
        self.assertEqual(len(areas), 5)
        ends = [float(one.split()[29].split(",")[1]) for one in areas]
        self.assertEqual(ends, sorted(ends, reverse=True))
        self.assertTrue(all(0 <= float(pair.split(",")[1]) <= 40 for one in areas for pair in one.split()))

    def test_an_entity_tells_for_how_long(self):
        self.open(PAGES["entity"], HEADINGS["entity"])
        text = self.browser.run("return document.querySelector('main').textContent")
        for words in ("in violation for 12 days", "the tag moved", "resolved; it was there for 9 days", "Write:", "Copy"):
            self.assertIn(words, text)

    def test_the_evidence_is_the_lines_of_the_object_with_the_image_marked(self):
        self.open(PAGES["entity"], HEADINGS["entity"])
        text = self.browser.run("return document.querySelector('.evidence').textContent")
        self.assertEqual(text.split("\n# runs")[0],
                         "kind: Deployment\nmetadata:\n  name: app-00031\n  namespace: team-31\nspec:\n  " + HOSTILE +
                         ":\n    template:\n      spec:\n        containers:\n          # 1 before it\n"
                         "          - name: web\n            image: ghcr.io/acme/app-31:1.4.4")
        self.assertEqual(self.browser.run("return document.querySelector('.evidence mark').textContent"),
                         "ghcr.io/acme/app-31:1.4.4")

    def test_the_evidence_is_the_objects_own_lines_where_they_may_be_read(self):
        self.addCleanup(setattr, self.console, "object", None)
        lines = ["line %d %s" % (i, HOSTILE) for i in range(1, 41)]
        lines[19] = "  image: ghcr.io/acme/app-31:1.4.4"
        self.console.object = {"namespace": "team-31", "group": "apps", "kind": "Deployment", "name": "app-00031", "lines": lines,
                               "places": [{"pointer": self.console.pointer, "line": 20}]}
        self.open(PAGES["entity"], HEADINGS["entity"])
        text = self.browser.run("return document.querySelector('.evidence').textContent")
        self.assertEqual(text.split("\n# runs")[0], "\n".join(["# lines 12 to 28 of 40", *lines[11:28]]))
        self.assertEqual(self.browser.run("return document.querySelector('.evidence mark').textContent"),
                         "ghcr.io/acme/app-31:1.4.4")
        # Once, however often the page asks for the rest.
        self.browser.wait_for("return performance.getEntriesByType('resource').filter((e) => e.name.includes('/entities/')).length > 2")
        self.assertEqual(self.browser.run(
            "return performance.getEntriesByType('resource').filter((e) => e.name.includes('/objects/')).length"), 1)

    def test_an_object_that_may_not_be_read_is_said(self):
        self.addCleanup(setattr, self.console, "object_status", 404)
        self.console.object_status = 403
        self.open(PAGES["entity"], HEADINGS["entity"])
        self.assertIn("The object's own lines are not shown: no object " + HOSTILE,
                      self.browser.run("return document.querySelector('main').textContent"))
        self.assertIn("kind: Deployment", self.browser.run("return document.querySelector('.evidence').textContent"))

    def test_the_evidence_of_other_places_than_containers(self):
        cases = {
            ("volume", "models", "/spec/volumes/0/image/reference"):
                "kind: Deployment\nmetadata:\n  name: a\n  namespace: n\nspec:\n  volumes:\n    - name: models\n"
                "      image:\n        reference: i",
            ("field", "/spec/images/2", "/spec/images/2"):
                "kind: Deployment\nmetadata:\n  name: a\n  namespace: n\nspec:\n  images:\n    # 2 before it\n    - i",
            ("container", "main", "/spec/templates/0/container/image"):
                "kind: Deployment\nmetadata:\n  name: a\n  namespace: n\nspec:\n  templates:\n    - container:\n"
                "        image: i",
        }
        self.console.rows.append(None)
        self.addCleanup(self.console.rows.pop)
        self.addCleanup(setattr, self.console, "pointer", self.console.pointer)
        for (kind, container, pointer), expected in cases.items():
            self.console.pointer = pointer
            self.console.rows[-1] = {**self.console.rows[0], "namespace": "n", "owner": "Deployment/a", "type": kind,
                                     "container": container, "image": "i", "running": [], "unknown_pods": 0,
                                     "tag_digest": None}
            self.open("#/entity/n/apps/Deployment/a", "Deployment/a")
            self.assertEqual(self.browser.run("return document.querySelector('.evidence').textContent"), expected)

    def test_the_evidence_of_what_only_pods_have_is_that_of_a_pod(self):
        self.console.rows.append({**self.console.rows[0], "namespace": "n", "owner": "Deployment/a", "in_workload": False,
                                  "container": "proxy", "image": "i", "running": [], "tag_digest": None})
        self.addCleanup(self.console.rows.pop)
        self.addCleanup(setattr, self.console, "pointer", self.console.pointer)
        self.console.pointer = "/spec/initContainers/0/image"
        self.open("#/entity/n/apps/Deployment/a", "Deployment/a")
        self.assertEqual(self.browser.run("return document.querySelector('.evidence').textContent"),
                         "kind: Pod\nmetadata:\n  # of Deployment/a\n  namespace: n\nspec:\n  initContainers:\n"
                         "    - name: proxy\n      image: i")

    def test_it_says_that_it_is_behind_and_that_nobody_answers(self):
        self.console.state["behind_since"] = "2026-11-30T01:00:00Z"
        self.open("#/", "Overview")
        self.browser.wait_for("return document.querySelector('#state').textContent.includes('behind for 40 minutes')")
        self.console.is_away = True
        self.browser.wait_for("return document.querySelector('#state').textContent.includes('does not answer')")
        self.assertIn("Overview", self.browser.run("return document.querySelector('main').textContent"))
        self.console.is_away = False
        self.console.state["behind_since"] = None
        self.browser.wait_for("return document.querySelector('#state').textContent.startsWith('live')")

    def test_it_says_how_many_signatures_it_checked(self):
        self.open("#/rules", "Rules")
        self.browser.wait_for("return document.querySelector('#state').textContent.includes('signatures of 5 of 7 images checked')")

    def test_it_says_that_it_shows_a_part(self):
        self.addCleanup(self.console.state.update, {"namespaces": [], "selector": ""})
        self.console.state.update({"namespaces": ["shop", HOSTILE], "selector": "app=" + HOSTILE})
        self.open("#/", "Overview")
        self.browser.wait_for("return document.querySelector('#state').textContent.includes(arguments[0])",
                              "only shop, " + HOSTILE + " · only app=" + HOSTILE)

    def test_only_the_overview_asks_for_the_overview(self):
        for name in ("entities", "images", "rules", "entity"):
            self.browser.go("about:blank")
            self.console.asked.clear()
            self.open(PAGES[name], HEADINGS[name])
            self.browser.wait_for("return document.querySelector('#state').textContent.startsWith('live')")
            self.assertNotIn("/api/v1/overview", self.console.asked, name)

    def test_it_asks_for_a_token(self):
        self.console.token = "the-token"
        self.open("#/", "A token")
        self.browser.run("document.querySelector('input[name=token]').value = 'the-token';"
                         "document.querySelector('main form').requestSubmit()")
        self.browser.wait_for("return document.querySelector('main h2')?.textContent === 'Overview'")
        self.assertEqual(self.browser.run("return document.cookie"), "")
        self.browser.run("sessionStorage.clear()")

    def test_cells_of_the_export_are_no_formulas(self):
        self.open("#/entities", "Entities")
        for text, cell in {"=1+1": "\"'=1+1\"", "@x": "\"'@x\"", 'a"b': '"a""b"', "plain": '"plain"'}.items():
            got = self.browser.run("window.cell = null; import('/tables.js').then((m) => { window.cell = m.cell(arguments[0]); })",
                                   text) or self.browser.wait_for("return window.cell")
            self.assertEqual(got, cell)


if __name__ == "__main__":
    unittest.main(verbosity=2)
