// Donuts and the trend, as inline SVG with classes of the style sheet; the numbers stand beside them as text.
import { el, link, svg } from "/parts.js";

const round = 2 * Math.PI * 15;

/** `shares`: [{name, count, style, query}]; a share with a query links to its rows. */
export function donut(title, shares) {
  const all = shares.reduce((sum, one) => sum + one.count, 0);
  const chart = svg("svg", { viewBox: "0 0 40 40", "aria-hidden": "true" });
  let turned = 0;
  for (const one of shares) {
    if (!one.count) continue;
    const part = (one.count / all) * round;
    chart.append(svg("circle", { class: "arc s" + one.style, cx: 20, cy: 20, r: 15,
      "stroke-dasharray": part + " " + (round - part), "stroke-dashoffset": -turned,
      transform: "rotate(-90 20 20)" }));
    turned += part;
  }
  if (!all) chart.append(svg("circle", { class: "arc s4", cx: 20, cy: 20, r: 15 }));
  chart.append(svg("text", { class: "total", x: 20, y: 22.5 }, all));
  const lines = shares.map((one) => el("li", {}, el("span", { class: "swatch s" + one.style, "aria-hidden": "true" }),
    one.query ? link(one.name, "/entities", one.query) : one.name, " " + one.count));
  return el("section", { class: "card" }, el("h3", {}, title),
    el("div", { class: "donut" }, chart, el("ul", {}, lines)));
}

/** `days`: [{day, findings}], the oldest first. */
export function trend(title, days) {
  const most = Math.max(1, ...days.map((one) => one.findings));
  const x = (i) => (i / Math.max(1, days.length - 1)) * 100;
  const y = (n) => 40 - (n / most) * 38;
  const points = days.map((one, i) => x(i).toFixed(2) + "," + y(one.findings).toFixed(2)).join(" ");
  const first = days[0], last = days[days.length - 1];
  return el("section", { class: "card" }, el("h3", {}, title),
    svg("svg", { class: "trend", viewBox: "0 0 100 40", preserveAspectRatio: "none", role: "img",
      "aria-label": first.findings + " on " + first.day + ", " + last.findings + " on " + last.day },
      svg("polygon", { class: "area", points: "0,40 " + points + " 100,40" }),
      svg("polyline", { class: "line", points })),
    el("p", { class: "quiet" }, first.day + ": " + first.findings + " · " + last.day + ": " + last.findings +
      " · most: " + most));
}

/** The same days as areas on top of each other; `names`: the members of `written`, from the bottom up. */
export function stack(title, days, names) {
  const sums = days.map((one) => names.reduce((sum, name) => sum + one.written[name], 0));
  const most = Math.max(1, ...sums);
  const x = (i) => ((i / Math.max(1, days.length - 1)) * 100).toFixed(2);
  const y = (n) => (40 - (n / most) * 38).toFixed(2);
  const under = days.map(() => 0);
  const chart = svg("svg", { class: "trend", viewBox: "0 0 100 40", preserveAspectRatio: "none", "aria-hidden": "true" });
  names.forEach((name, style) => {
    const bottom = under.map((n, i) => x(i) + "," + y(n));
    days.forEach((one, i) => { under[i] += one.written[name]; });
    const top = under.map((n, i) => x(i) + "," + y(n));
    chart.append(svg("polygon", { class: "share s" + style, points: [...top, ...bottom.reverse()].join(" ") }));
  });
  const first = days[0], last = days[days.length - 1];
  const lines = names.map((name, style) => el("li", {},
    el("span", { class: "swatch s" + style, "aria-hidden": "true" }), name + " " + first.written[name] + " → " + last.written[name]));
  return el("section", { class: "card" }, el("h3", {}, title), chart, el("ul", { class: "legend" }, lines),
    el("p", { class: "quiet" }, first.day + " → " + last.day));
}
