// Making elements. Every word of a person or of the model goes in as text, never as HTML.

/** An element: `el("b", {class: "x", onclick: f}, "text", child)`. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export const byId = (id) => document.getElementById(id);

/** A short word at the bottom of the page. */
export function toast(words) {
  const note = el("div", { class: "toast", dir: "auto" }, words);
  byId("toasts").append(note);
  setTimeout(() => note.remove(), 4000);
}

/** Words that must be read before going on. */
export function alertBox(words) {
  byId("alert-text").textContent = words;
  byId("alert").showModal();
}
