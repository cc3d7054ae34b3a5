// The pages and the way between them. A page is made for the part behind "#" of the address, and asks again every
// 1.5 seconds while it is in sight.
import { donut, stack, trend } from "/charts.js";
import { address, age, ask, copied, counted, el, entityPath, link, shortened, useToken, when } from "/parts.js";
import { exported, RowList, worst } from "/tables.js";

const pause = 1500;
const main = document.getElementById("page");
const state = document.getElementById("state");
const notes = document.getElementById("notes");

const written = ["pinned", "tag", "latest", "no-tag", "invalid"];
const states = [...written, "mixed", "moved", "moved-version", "gone", "unresolvable", "differs", "findings"];
const modes = ["enforce", "best-effort", "audit", "none", "unknown"];

function showState(of) {
  const late = of.behind_since !== null;
  state.classList.toggle("late", late);
  const registries = of.registries.asked ? of.registries.references - of.registries.unasked + " of " +
    of.registries.references + " references asked" : "registries are not asked";
  state.textContent = (of.demo ? "made-up objects · " : "") +
    (late ? "behind for " + age(of.behind_since, of.now) : of.complete ? "live" : "reading the cluster") +
    " · " + registries + (of.signatures.images ? " · signatures of " + (of.signatures.images - of.signatures.unasked) + " of " +
      counted(of.signatures.images, "image") + " checked" : "") + (of.namespaces.length ? " · only " + of.namespaces.join(", ") : "") +
    (of.selector ? " · only " + of.selector : "") + " · " + of.origin;
  const lines = [...of.troubles];
  if (of.history === "memory" && !of.demo) lines.push("History is in memory and ends with this process: --store FILE keeps it.");
  if (of.demo) lines.unshift("This is a demo: none of these objects exist, nor do their images.");
  notes.firstElementChild.replaceChildren(...lines.slice(0, 20).map((one) => el("li", {}, one)));
  notes.classList.toggle("demo", of.demo);
  notes.hidden = lines.length === 0;
}

// The answer, and the state of the console, which is shown on every page.
async function askWithState(path) {
  const [got, all] = await Promise.all([ask(path), ask("/api/v1/console")]);
  showState(all.console);
  return [got, all.console];
}

function alarm(name, text, count) {
  return el("li", {}, link(text, "/entities", { state: name }),
    el("span", { class: count ? "error" : "quiet" }, count));
}

function overviewPage() {
  return {
    title: "Overview",
    async refresh() {
      const got = await ask("/api/v1/overview");
      showState(got.console);
      const t = got.totals;
      const byWritten = donut("How images are written", written.map((name, i) =>
        ({ name, count: got.written[name], style: [0, 1, 2, 3, 4][i], query: { state: name } })));
      const broken = got.rules.filter((one) => one.findings > 0).sort((a, b) => b.findings - a.findings);
      const byRule = donut("Violations by rule", broken.slice(0, 6).map((one, i) =>
        ({ name: one.rule, count: one.findings, style: [3, 2, 1, 5, 4, 0][i], query: { rule: one.rule } })));
      const byMode = donut("Namespaces by mode", modes.filter((name) => got.modes[name]).map((name) =>
        ({ name, count: got.modes[name], style: { enforce: 0, "best-effort": 1, audit: 2, none: 4, unknown: 3 }[name],
          query: { mode: name } })));
      const alarms = el("section", { class: "card" }, el("h3", {}, "Alarms"), el("ul", { class: "alarms" },
        alarm("moved-version", "Version tags that moved", got.alarms["moved-version"]),
        alarm("gone", "Pinned digests that are gone", got.alarms.gone),
        alarm("mixed", "Replicas that are mixed", got.alarms.mixed),
        alarm("differs", "Running differs from written", got.alarms.differs),
        alarm("unresolvable", "Tags that are not found", got.alarms.unresolvable)));
      const moves = el("section", { class: "card" }, el("h3", {}, "Newest moves"), got.moves.length === 0
        ? el("p", { class: "quiet" }, "No tag moved within 30 days, as far as this console saw.")
        : el("ul", { class: "timeline" }, got.moves.map((one) => el("li", {}, when(one.at),
          link(one.tag, "/entities", { search: one.tag.split("/").pop() }), " " + (one.change || "moved") + ", ",
          el("code", {}, shortened(one.before)), " → ", el("code", {}, shortened(one.after))))));
      const rows = got.namespaces.map((one) => el("tr", {}, el("th", { scope: "row" }, link(one.name, "/entities",
        { namespace: one.name })), el("td", {}, one.mode), ["images", "pinned", "tag", "latest", "mixed", "moved", "gone",
        "findings"].map((name) => el("td", { class: "n" }, one[name]))));
      main.replaceChildren(el("h2", {}, "Overview"),
        el("p", {}, el("span", { class: "big" }, t.findings), (t.findings === 1 ? " finding" : " findings") + " in " +
          counted(t.images, "image") + " of " + counted(t.workloads, "workload") + " in " + counted(t.namespaces, "namespace")),
        el("div", { class: "cards" }, byWritten, byRule, byMode, alarms, trend("Findings of 30 days", got.trend),
          stack("How images were written, 30 days", got.trend, written), moves),
        el("h3", {}, "Namespaces"), el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Namespaces" },
          el("table", {}, el("thead", {}, el("tr", {}, ["Namespace", "Mode"].map((name) => el("th", { scope: "col" }, name)),
            ["Images", "Pinned", "Tag", "Latest", "Mixed", "Moved", "Gone", "Findings"].map((name) =>
              el("th", { scope: "col", class: "n" }, name)))), el("tbody", {}, rows))));
    },
  };
}

function choice(name, title, values, query) {
  return el("label", {}, title, el("select", { name }, el("option", { value: "" }, "all"),
    values.map((one) => el("option", { value: one, selected: query[name] === one }, one))));
}

function entitiesPage(query) {
  const count = el("p", { role: "status" }, "");
  const go = (more) => { location.hash = address("/entities", { ...query, ...more }); };
  const list = new RowList(query, (sort) => go({ sort }), (total) => {
    const text = counted(total, "image") + (Object.keys(query).some((one) => one !== "sort") ? " by these filters" : "");
    if (count.textContent !== text) count.textContent = text;
  });
  const rules = el("select", { name: "rule" }, el("option", { value: "" }, "all"));
  const search = el("input", { name: "search", type: "search", value: query.search, autocomplete: "off" });
  const form = el("form", { class: "filters", role: "search", "aria-label": "Filters",
    onsubmit: (event) => event.preventDefault() },
    el("label", {}, "Search", search),
    el("label", {}, "Namespace", el("input", { name: "namespace", value: query.namespace, autocomplete: "off" })),
    el("label", {}, "Label", el("input", { name: "label", value: query.label, autocomplete: "off", placeholder: "app=web,!canary" })),
    choice("state", "State", states, query), choice("mode", "Mode", modes, query), el("label", {}, "Rule", rules),
    el("button", { type: "reset" }, "Clear"), el("button", { type: "button", onclick: save }, "Export CSV"));
  async function save() {
    const file = new Blob([await exported(query)], { type: "text/csv" });
    const at = URL.createObjectURL(file);
    el("a", { href: at, download: "pinhook-images.csv" }).click();
    URL.revokeObjectURL(at);
  }
  form.addEventListener("change", () => go(Object.fromEntries(new FormData(form))));
  form.addEventListener("reset", () => { location.hash = address("/entities"); });
  let typed = 0;
  search.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(() => {
      query.search = search.value;
      history.replaceState(null, "", address("/entities", query));
      list.query = query;
      list.view.scrollTop = 0;
      list.pages.clear();
      list.refresh().catch(fail);
    }, 150);
  });
  let isMade = false;
  return {
    title: "Entities",
    end: () => list.end(),
    async refresh() {
      if (!isMade) {
        isMade = true;
        main.replaceChildren(el("h2", {}, "Entities"), form, count, list.element);
        const only = query.repository ?? query.digest ?? query.exception;
        if (only)
          form.after(el("p", {}, query.exception ? "Exceptions by " : "Only ", el("code", {}, shortened(only)), " · ",
            link("show all", "/entities")));
        const known = await ask("/api/v1/rules");
        rules.append(...known.rules.map((one) => el("option", { value: one.rule, selected: query.rule === one.rule }, one.rule)));
      }
      try {
        await list.refresh();
      } catch (error) {
        // A filter that is typed wrong is mended where it stands.
        if (error.status !== 400) throw error;
        list.empty();
        count.textContent = error.message;
      }
      ask("/api/v1/console").then((got) => showState(got.console), () => {});
    },
  };
}

function timeline(row, now) {
  const events = [];
  for (const one of row.findings)
    if (one.first_seen) events.push([one.first_seen, [el("strong", { class: one.severity }, one.rule), " in violation for " +
      age(one.first_seen, now)]]);
  for (const one of row.resolved) {
    events.push([one.resolved, [el("strong", {}, one.rule), " resolved; it was there for " + age(one.first_seen, one.resolved),
      " with ", el("code", {}, shortened(one.image))]]);
  }
  for (const one of row.moves)
    events.push([one.at, ["the tag moved (" + (one.change ?? "unknown") + "): ", el("code", {}, shortened(one.before)), " → ",
      el("code", {}, shortened(one.after))]]);
  if (row.pinned_at) events.push([row.pinned_at, ["pinned, at the latest"]]);
  if (row.first_seen) events.push([row.first_seen, ["seen for the first time"]]);
  events.sort((a, b) => (a[0] < b[0] ? 1 : -1));
  if (events.length === 0) return el("p", { class: "quiet" }, "Nothing is known of earlier times.");
  return el("ol", { class: "timeline" }, events.map(([at, text]) => el("li", {}, when(at), text)));
}

// The object's own lines on the way to the image, those of `pointer` (RFC 6901), as YAML has them; others are left out.
function linesTo(row, pointer) {
  const steps = pointer.slice(1).split("/").map((one) => one.replaceAll("~1", "/").replaceAll("~0", "~"));
  // Of an image volume the name stands beside "image", in which the reference is.
  const named = row.container === pointer ? -1 : steps.length - (row.type === "volume" ? 3 : 2);
  const lines = [];
  let indent = "", dash = "";
  steps.forEach((step, i) => {
    if (!/^\d+$/.test(step)) {
      lines.push(indent + dash + step + ":");
      indent += dash ? "    " : "  ";
      dash = "";
      return;
    }
    if (step !== "0") lines.push(indent + "# " + step + " before it");
    dash = "- ";
    if (i !== named) return;
    lines.push(indent + "- name: " + row.container);
    indent += "  ";
    dash = "";
  });
  if (dash) lines.push(indent + "-");
  return lines.join("\n") + " ";
}

// The object's own lines around the image, which is marked; nothing where there are none.
function ownLines(row, place, object) {
  const around = 8;
  const at = row.in_workload ? object?.places.find((one) => one.pointer === place.pointer)?.line : undefined;
  if (at === undefined) return null;
  const first = Math.max(1, at - around), last = Math.min(object.lines.length, at + around);
  const line = object.lines[at - 1];
  const value = line.lastIndexOf(row.image);
  const marked = value < 0 ? [el("mark", {}, line)]
    : [line.slice(0, value), el("mark", {}, row.image), line.slice(value + row.image.length)];
  const lines = (from, to) => object.lines.slice(from - 1, to);
  return [first > 1 ? "# lines " + first + " to " + last + " of " + object.lines.length + "\n" : null,
    lines(first, at - 1).map((one) => one + "\n"), marked, lines(at + 1, last).map((one) => "\n" + one)];
}

function evidence(row, place, object) {
  const [kind, ...name] = row.owner.split("/");
  const head = row.in_workload ? "kind: " + kind + "\nmetadata:\n  name: " + name.join("/")
    : "kind: Pod\nmetadata:\n  # of " + row.owner;
  const runs = row.running.map((one) => "\n# runs " + one);
  return el("pre", { class: "evidence" }, ownLines(row, place, object) ??
    [head + "\n  namespace: " + row.namespace + "\n" + linesTo(row, place.pointer), el("mark", {}, row.image)], runs,
    row.unknown_pods ? "\n# " + counted(row.unknown_pods, "Pod") + " whose runtime does not tell the digest" : null,
    row.tag_digest ? "\n# the tag " + row.tag + " has " + row.tag_digest : null);
}

function resolution(one) {
  const text = { text: "Write: ", command: "Run: ", advice: "" }[one.fix_kind] ?? "";
  return el("li", {}, el("strong", { class: one.severity }, one.rule), ": " + one.message,
    one.fix_kind === "advice" ? el("p", {}, one.fix) : [el("p", {}, text), copied(one.fix)]);
}

function labelLinks(labels) {
  const all = Object.entries(labels);
  if (all.length === 0) return "";
  return el("p", { class: "quiet" }, "Labels ", all.map(([key, value], i) => [i ? ", " : "",
    link(key + "=" + value, "/entities", { label: key + "=" + value })]));
}

function entityPage(path) {
  const id = path.split("/").slice(2).join("/");
  let object = null, objectOf = "", refusal = "";
  // Once, and again when an image of it is another one or it could not be had.
  async function askObject(rows) {
    const of = rows.filter((row) => row.in_workload).map((row) => row.container + " " + row.image).join("\n");
    if (of === objectOf) return;
    objectOf = of;
    refusal = "";
    object = await ask("/api/v1/objects/" + id).catch((error) => {
      if (error.status !== 404) {
        refusal = error.message;
        objectOf = "";
      }
      return null;
    });
  }
  return {
    title: decodeURIComponent(id.split("/").slice(2).join("/")),
    async refresh() {
      const [got, of] = await askWithState("/api/v1/entities/" + id);
      await askObject(got.rows);
      main.replaceChildren(el("h2", {}, got.kind + "/" + got.name),
        el("p", {}, "Namespace ", link(got.namespace, "/entities", { namespace: got.namespace }), ", mode " + got.mode +
          (got.group ? ", " + got.group : "")),
        labelLinks(got.labels),
        refusal ? el("p", { class: "quiet" }, "The object's own lines are not shown: " + refusal) : "",
        ...got.rows.map((row, i) => el("section", {},
          el("h3", {}, row.container + " ", el("span", { class: worst(row) }, row.written)),
          el("p", {}, counted(row.pods, "Pod"), row.in_workload ? null : "; only Pods have it", " · ",
            link(got.places[i].repository, "/entities", { repository: got.places[i].repository }),
            got.places[i].exceptions.length ? " · exception by " + got.places[i].exceptions.join(", ") : null),
          el("h4", {}, "Evidence"), evidence(row, got.places[i], object),
          row.findings.length ? [el("h4", {}, "Resolution"), el("ul", {}, row.findings.map(resolution))] : null,
          el("h4", {}, "History"), timeline(row, of.now))));
    },
  };
}

// A card for each of thousands of images would take the browser longer than anybody waits.
const imagesAtOnce = 200;

function imagesPage(query) {
  const limit = Math.min(Number(query.limit) || imagesAtOnce, 1000);
  const go = (value) => { location.hash = address("/images", { search: value }); };
  const search = el("input", { name: "search", type: "search", value: query.search, onchange: () => go(search.value) });
  return {
    title: "Images",
    async refresh() {
      const [got] = await askWithState("/api/v1/images?" + new URLSearchParams({ ...query, limit }));
      const split = (image) => image.tags.some((one) => one.digests.length > 1);
      const cards = got.images.map((image) => el("section", { class: "card" },
        el("h3", {}, link(image.repository, "/entities", { repository: image.repository })),
        el("p", { class: "quiet" }, counted(image.rows, "use") + ", " + counted(image.pods, "Pod") + ", " +
          counted(image.findings, "finding")),
        el("ul", {}, image.tags.map((one) => el("li", { class: one.digests.length > 1 ? "split" : null },
          el("code", {}, one.tag), one.digests.length > 1 ? el("strong", { class: "warning" }, " runs as " +
            one.digests.length + " digests") : null))),
        el("ul", {}, image.digests.map((one) => el("li", {}, link(shortened(one.digest), "/entities", { digest: one.digest }),
          " in " + counted(one.pods, "Pod"), one.tags.length ? ", tags " + one.tags.join(", ") : "")))));
      const isTyping = document.activeElement === search;
      main.replaceChildren(el("h2", {}, "Images"), el("form", { class: "filters", role: "search",
        onsubmit: (event) => { event.preventDefault(); go(search.value); } }, el("label", {}, "Search", search)),
        el("p", { role: "status" }, counted(got.total, "image") + ", " + got.images.filter(split).length +
          " with a tag that runs as two digests" + (got.images.length < got.total ? "; the first " + got.images.length : "")),
        el("div", { class: "cards" }, cards),
        got.images.length < got.total && limit < 1000 ? el("p", {}, link("Show " + imagesAtOnce + " more", "/images",
          { ...query, limit: limit + imagesAtOnce })) : "");
      if (isTyping) search.focus();
    },
  };
}

// Which images a rule of the operator takes out of others.
function exceptionLine(one) {
  const about = [["images", "images"], ["namespaces", "namespaces"], ["kinds", "kinds"], ["containers", "containers"],
    ["types", "types of containers"]].filter(([name]) => one[name].length)
    .map(([name, title]) => title + " " + one[name].join(", "));
  return el("li", {}, el("strong", {}, one.rule), " (" + one.effect + "): " + (about.join("; ") || "all images") + " · ",
    one.rows ? link(counted(one.rows, "image"), "/entities", { exception: one.rule }) : "no image now");
}

function rulesPage() {
  return {
    title: "Rules",
    async refresh() {
      const [got] = await askWithState("/api/v1/rules");
      main.replaceChildren(el("h2", {}, "Rules"), ...got.rules.map((one) => el("section", {},
        el("h3", {}, el("span", { class: one.severity }, one.rule), " ", el("span", { class: "quiet" }, one.title)),
        el("p", {}, one.findings ? link(counted(one.findings, "finding"), "/entities", { rule: one.rule }) : "no findings"),
        el("p", {}, one.reason), el("p", { class: "quiet" }, one.help),
        one.exceptions.length ? [el("h4", {}, "Exceptions"), el("ul", {}, one.exceptions.map(exceptionLine))] : null)));
    },
  };
}

function tokenForm(message) {
  const input = el("input", { type: "password", name: "token", autocomplete: "off", required: true });
  main.replaceChildren(el("h2", {}, "A token of the cluster"), el("p", {}, message),
    el("form", { onsubmit: (event) => { event.preventDefault(); useToken(input.value); route(); } },
      el("label", {}, "Token", input), el("button", { type: "submit" }, "Look")));
  input.focus();
}

let current = null;
let timer = 0;
let shown = "";

function fail(error) {
  if (error.name === "AbortError") return;
  if (error.status === 401) return tokenForm(error.message);
  state.classList.add("late");
  state.textContent = error.status ? "refused" : "the console does not answer";
  if (error.status) main.replaceChildren(el("h2", {}, "Not shown"), el("p", {}, error.message));
}

async function turn(of) {
  clearTimeout(timer);
  if (document.visibilityState === "visible" && !isBusy()) {
    try {
      await of.refresh();
    } catch (error) {
      if (of === current) fail(error);
      if (error.status === 401) return;
    }
  }
  if (of === current) timer = setTimeout(() => turn(of), pause);
}

// What a person selects or is at would be replaced under their hands.
function isBusy() {
  const selection = getSelection();
  const focused = document.activeElement;
  return shown === location.hash && ((selection && !selection.isCollapsed && main.contains(selection.anchorNode)) ||
    (main.contains(focused) && focused !== main && !focused.closest(".list, .filters")));
}

async function route() {
  current?.end?.();
  shown = "";
  const [path, text = ""] = location.hash.slice(1).split("?");
  const query = Object.fromEntries([...new URLSearchParams(text)].filter(([, value]) => value));
  const makers = { "/entities": entitiesPage, "/images": imagesPage, "/rules": rulesPage };
  const of = path.startsWith("/entity/") ? entityPage(path) : (makers[path] ?? overviewPage)(query);
  current = of;
  document.title = of.title + " · pinhook console";
  for (const one of document.querySelectorAll("nav a")) {
    const is = one.getAttribute("href") === "#" + (path || "/") || (path.startsWith("/entity/") && one.hash === "#/entities");
    if (is) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  await turn(of);
  shown = location.hash;
}

addEventListener("hashchange", () => {
  if (location.hash === "#page") return main.focus();
  route();
});
document.addEventListener("visibilitychange", () => { if (current) turn(current); });
route();
