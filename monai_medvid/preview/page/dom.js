// SPDX-License-Identifier: Apache-2.0
// Elements by name, made and filled without markup in strings.

export const $ = (id) => document.getElementById(id);

export function make(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "color") made.style.background = value ?? "transparent";
    else if (name === "data") Object.assign(made.dataset, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

export function write(id, text) {
  const place = $(id);
  if (place.textContent !== text) place.textContent = text;
}

// Fill a place only where what it shows has changed: a selection and a screen reader stay put.
const shown = new Map();
export function fill(place, value, draw) {
  const key = JSON.stringify(value);
  if (shown.get(place) === key) return;
  shown.set(place, key);
  place.replaceChildren(...draw(value));
}

const two = (number) => String(number).padStart(2, "0");

export function clock(seconds) {
  if (seconds === null || seconds === undefined) return "--:--:--";
  const whole = Math.max(0, Math.floor(seconds));
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
    : `${Math.floor(whole / 3600)} h ${two(Math.floor(whole / 60) % 60)} min`;
}
