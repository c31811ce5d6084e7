// Small helpers. Words from the data reach the page as text, never as markup.

const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  return dress(node, attributes, children);
}

function makeSvg(tag, attributes = {}, ...children) {
  return dress(document.createElementNS(SVG, tag), attributes, children);
}

function dress(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

// "1:02:03.400" for people; hours only where there are some
function clockText(seconds, digits = 2) {
  const unit = 10 ** digits;
  const all = Math.floor(seconds * unit + 1e-6);
  const whole = Math.floor(all / unit);
  const rest = digits ? "." + String(all % unit).padStart(digits, "0") : "";
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  return `${hours ? hours + ":" : ""}${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}${rest}`;
}

// "1 minute 12 seconds", for screen readers
function spokenTime(seconds) {
  const parts = [];
  const say = (count, name) => count && parts.push(`${count} ${name}${count === 1 ? "" : "s"}`);
  say(Math.floor(seconds / 3600), "hour");
  say(Math.floor(seconds / 60) % 60, "minute");
  const rest = Math.floor((seconds % 60) * 10) / 10;
  if (rest || !parts.length) parts.push(`${rest} second${rest === 1 ? "" : "s"}`);
  return parts.join(" ");
}

function sizeText(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

const percentText = (value) => `${(100 * value).toFixed(0)} %`;
const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// a line in the finding's colour and dash, with its code
function swatch(item) {
  const line = makeSvg("line", {
    x1: 1, x2: 25, y1: 3, y2: 3, stroke: item.color, "stroke-width": 4,
    "stroke-dasharray": item.dash.map((length) => length / 1.6).join(" ") || null,
  });
  const icon = makeSvg("svg", { viewBox: "0 0 26 6", "aria-hidden": "true" }, line);
  return make("span", { class: "code" }, make("span", {}, item.code), icon);
}

const nameOf = (item) => (item.kind === "track" ? `${item.label} ${item.number}` : item.label);
