// Elements, texts and requests. All text becomes text nodes: names, messages and annotations of a cluster are hostile,
// and nothing here reads markup from data.

/** An element with attributes, listeners ("onclick": function) and children; null and false are left out. */
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(one, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") one.addEventListener(key.slice(2), value);
    else one.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    one.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return one;
}

/** A link within this page; every part of it is encoded. */
export function link(text, path, query = {}) {
  return el("a", { href: address(path, query) }, text);
}

export function address(path, query = {}) {
  const all = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value) all.set(key, value);
  const text = all.toString();
  return "#" + path + (text ? "?" + text : "");
}

export function entityPath(row) {
  const [kind, ...rest] = row.owner.split("/");
  return "/entity/" + [row.namespace, row.group || "core", kind, rest.join("/")].map(encodeURIComponent).join("/");
}

const long = /sha256:([0-9a-f]{64})/g;

export function shortened(text) {
  return text.replace(long, (all, digits) => "sha256:" + digits.slice(0, 12) + "…");
}

/** "1 Pod", "2 Pods". */
export function counted(n, noun) {
  return n + " " + noun + (n === 1 ? "" : "s");
}

/** "12 days", "5 hours"; of a time that an answer has. */
export function age(since, now) {
  const minutes = Math.max(0, Math.floor((Date.parse(now) - Date.parse(since)) / 60000));
  if (minutes < 120) return counted(minutes, "minute");
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? counted(hours, "hour") : counted(Math.floor(hours / 24), "day");
}

export function when(text) {
  return el("time", { datetime: text }, text.replace("T", " ").replace("Z", " UTC"));
}

export function copied(text) {
  const box = el("pre", {}, text);
  const button = el("button", {
    type: "button",
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "copied";
      } catch {
        getSelection().selectAllChildren(box);
        button.textContent = "selected";
      }
    },
  }, "Copy");
  return el("div", { class: "copy" }, box, button);
}

let token = sessionStorage.getItem("pinhook-token") ?? "";

export function useToken(text) {
  token = text.trim();
  sessionStorage.setItem("pinhook-token", token);
}

/** The answer of the API; throws an error with the server's own words and `status`. */
export async function ask(path, signal) {
  const headers = token ? { Authorization: "Bearer " + token } : {};
  const answer = await fetch(path, { headers, signal, credentials: "omit", cache: "no-store" });
  if (answer.ok) return answer.json();
  const failure = new Error((await answer.text()).trim());
  failure.status = answer.status;
  throw failure;
}
