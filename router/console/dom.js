// Making elements. Text goes in as text nodes only: there is no way in here to make markup from a string.

const SVG = "http://www.w3.org/2000/svg";

/** el("p", {class: "x", title: "y", onclick: f}, "text", child): null and false children are left out. */
export function el(tag, attributes = {}, ...children) {
  return dress(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return dress(document.createElementNS(SVG, tag), attributes, children);
}

function dress(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Only when it changes: an untouched node costs no layout, and a live region says nothing twice. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function mark(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) {
    node.setAttribute(name, String(value));
  }
}

/** A button with its key. `keys` is what the key map shows and screen readers announce. */
export function button(label, keys, onclick, attributes = {}) {
  return el(
    "button",
    { type: "button", "aria-keyshortcuts": keys ? keys.replace("Ctrl+", "Control+") : null, onclick, ...attributes },
    label,
    keys ? el("kbd", { "aria-hidden": "true" }, keys.replace("+Enter", " ↵")) : null,
  );
}

/** A customer's words on one line: isolated, in their own direction. */
export function words(text, className) {
  return el("bdi", { class: className, dir: "auto" }, text);
}
