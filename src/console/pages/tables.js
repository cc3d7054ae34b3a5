// The table of all rows: only what is in sight is asked for and drawn, so that 15,000 rows scroll like 50.
import { address, ask, el, entityPath, shortened } from "/parts.js";

const page = 100;
const margin = 8;

const columns = [
  ["place", "Namespace"], ["", "Owner"], ["", "Container"], ["image", "Image"], ["written", "Written"],
  ["pods", "Pods"], ["findings", "Findings"],
];

export class RowList {
  /** `query`: the filters; `onSort(order)`; `onTotal(n)`. */
  constructor(query, onSort, onTotal) {
    this.query = query;
    this.onTotal = onTotal;
    this.pages = new Map();
    this.total = 0;
    this.shown = "";
    this.space = el("div", { role: "presentation" });
    this.view = el("div", { class: "view", role: "rowgroup", onscroll: () => this.draw(), onkeydown: (e) => this.key(e) },
      this.space);
    const order = query.sort ?? "";
    const head = el("div", { role: "row", class: "head" }, columns.map(([name, title]) => {
      const is = order.replace("-", "") === name && name !== "";
      const next = is && !order.startsWith("-") ? "-" + name : name;
      return el("span", { role: "columnheader", "aria-sort": !is ? null : order.startsWith("-") ? "descending" : "ascending" },
        name === "" ? title : el("button", { type: "button", onclick: () => onSort(next) },
          title + (!is ? "" : order.startsWith("-") ? " ↓" : " ↑")));
    }));
    this.element = el("div", { class: "list", role: "table", "aria-label": "Images of workloads" },
      el("div", { role: "rowgroup" }, head), this.view);
    this.watch = new ResizeObserver(() => this.draw(true));
    this.watch.observe(this.view);
  }

  end() {
    this.watch.disconnect();
  }

  height() {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    return parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")) * rem;
  }

  range() {
    const height = this.height();
    const first = Math.max(0, Math.floor(this.view.scrollTop / height) - margin);
    const count = Math.ceil((this.view.clientHeight || 600) / height) + 2 * margin;
    return [first, first + count];
  }

  async load(number) {
    const answer = await ask("/api/v1/entities?" +
      new URLSearchParams({ ...this.query, offset: number * page, limit: page }));
    this.pages.set(number, answer.rows);
    if (answer.total !== this.total) {
      this.total = answer.total;
      this.element.setAttribute("aria-rowcount", this.total);
    }
    this.onTotal(this.total);
  }

  /** Asks again for what is in sight. */
  async refresh() {
    const [first, last] = this.range();
    const numbers = [];
    for (let n = Math.floor(first / page); n <= Math.floor(Math.max(first, last - 1) / page); ++n)
      if (n === 0 || n * page < this.total) numbers.push(n);
    if (numbers.length === 0) numbers.push(0);
    await Promise.all(numbers.map((n) => this.load(n)));
    // Others may be old by now.
    for (const n of this.pages.keys()) if (!numbers.includes(n)) this.pages.delete(n);
    this.draw(true);
  }

  /** Shows no row. */
  empty() {
    this.pages.clear();
    this.total = 0;
    this.draw(true);
  }

  draw(isForced = false) {
    const height = this.height();
    const [first, end] = this.range();
    const last = Math.min(end, this.total);
    const key = first + "-" + last;
    if (!isForced && key === this.shown) return;
    this.shown = key;
    this.space.style.height = this.total * height + "px";
    const focused = document.activeElement?.dataset?.index;
    const items = [];
    for (let i = first; i < last; ++i) {
      const number = Math.floor(i / page);
      const rows = this.pages.get(number);
      if (rows === undefined) this.want(number);
      items.push(this.item(i, height, rows?.[i % page]));
    }
    this.space.replaceChildren(...items);
    if (focused !== undefined) this.space.querySelector('[data-index="' + Number(focused) + '"]')?.focus();
  }

  want(number) {
    if (this.pages.has(number)) return;
    this.pages.set(number, null);
    this.load(number).then(() => this.draw(true), () => this.pages.delete(number));
  }

  item(i, height, row) {
    const text = (value, more, content) => el("span", { role: "cell", class: more, title: row ? value : null },
      content ?? (row ? shortened(value) : "…"));
    const findings = row ? row.findings.map((one) => one.rule).join(", ") : "";
    // A link cannot be a row for assistive technology, so it is in a cell; a click anywhere on the row follows it.
    const open = el("a", { tabindex: 0, "data-index": i, href: row ? address(entityPath(row)) : null },
      row ? shortened(row.owner) : "…");
    const follow = (event) => { if (!open.contains(event.target) && getSelection().isCollapsed) open.click(); };
    const one = el("div", { role: "row", class: "item", "aria-rowindex": i + 1, onclick: follow },
      text(row?.namespace), text(row?.owner, null, open), text(row?.container), text(row?.image, "wide"), text(row?.written),
      text(row ? String(row.pods) : ""), text(findings || "–", findings ? "wide " + worst(row) : "quiet"));
    one.style.top = i * height + "px";
    return one;
  }

  key(event) {
    const at = Number(document.activeElement?.dataset?.index);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
    if (Number.isNaN(at) || !(event.key in steps)) return;
    event.preventDefault();
    const to = Math.min(Math.max(at + steps[event.key], 0), this.total - 1);
    const height = this.height();
    if (to * height < this.view.scrollTop) this.view.scrollTop = to * height;
    if ((to + 1) * height > this.view.scrollTop + this.view.clientHeight)
      this.view.scrollTop = (to + 1) * height - this.view.clientHeight;
    this.draw(true);
    this.space.querySelector('[data-index="' + to + '"]')?.focus();
  }
}

export function worst(row) {
  const levels = row.findings.map((one) => one.severity);
  return ["error", "warning", "note"].find((one) => levels.includes(one)) ?? "quiet";
}

/** A cell of CSV; one that a spreadsheet would take for a formula begins with an apostrophe. */
export function cell(value) {
  const text = String(value ?? "");
  const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
  return '"' + safe.replaceAll('"', '""') + '"';
}

export async function exported(query) {
  const names = ["namespace", "owner", "container", "image", "written", "mode", "pods", "running", "tag", "tag_digest",
    "moved", "gone", "findings", "first_seen"];
  const lines = [names.join(",")];
  for (let offset = 0, total = 1; offset < total; offset += 1000) {
    const answer = await ask("/api/v1/entities?" + new URLSearchParams({ ...query, offset, limit: 1000 }));
    total = answer.total;
    for (const row of answer.rows)
      lines.push(names.map((name) => cell(name === "running" ? row.running.join(" ")
        : name === "findings" ? row.findings.map((one) => one.rule).join(" ") : row[name])).join(","));
  }
  return lines.join("\r\n") + "\r\n";
}
