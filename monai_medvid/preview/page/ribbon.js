// SPDX-License-Identifier: Apache-2.0
// Phases so far, as a ribbon from the first frame until now, with gaps and alerts.

import { $, clock, fill, make, span, write } from "./dom.js";

const SHORTEST = 60; // seconds that the ribbon shows at least

export function showRibbon(state) {
  const now = state.picture.seconds ?? 0;
  const whole = Math.max(now, SHORTEST);
  const place = (from, to) => ({
    left: `${(100 * from) / whole}%`,
    width: `${(100 * Math.max(0, to - from)) / whole}%`,
  });
  const pieces = [
    ...state.phases.map((one) => ({ ...place(one.start, one.end ?? now), color: one.color })),
    ...state.gaps.newest.map(([lost, back]) => ({ ...place(lost, back), className: "gap" })),
    ...state.log
      .filter((one) => one.severity === "alert")
      .map((one) => ({ left: place(one.seconds, 0).left, className: "alert" })),
  ];
  fill($("ribbon"), pieces, (all) => all.map(piece));
  write("ribbon-end", clock(whole));
  const times = sums(state.phases, now);
  fill($("phases"), times, (all) => all.map(entry));
  const words = times.map((one) => `${one.name} ${one.time}`).join(", ");
  $("ribbon").setAttribute("aria-label", words ? `Phases so far: ${words}` : "No phase yet");
}

function piece({ left, width, color, className = "" }) {
  const made = make("i", { className, ...(color ? { color } : {}) });
  made.style.left = left;
  if (width) made.style.width = width;
  return made;
}

function entry({ name, color, time }) {
  const dot = make("span", { className: "dot", color, ariaHidden: "true" });
  return make("li", {}, dot, `${name} `, make("span", { className: "soft" }, time));
}

function sums(phases, now) {
  const found = new Map();
  for (const { name, color, start, end } of phases) {
    const one = found.get(name) ?? { name, color, seconds: 0 };
    one.seconds += Math.max(0, (end ?? now) - start);
    found.set(name, one);
  }
  return [...found.values()].map(({ name, color, seconds }) => ({ name, color, time: span(seconds) }));
}
