// SPDX-License-Identifier: Apache-2.0
// Phase, instruments, criteria, events, and how the system is doing.

import { $, clock, fill, make, span, write } from "./dom.js";

export function showPanels(state) {
  showPhase(state);
  showInstruments(state.instruments);
  showCriteria(state.criteria);
  showLog(state.log);
  showPinned(state);
  showLatency(state.latency);
  fill($("frames"), frames(state), terms);
  fill($("delivery"), delivery(state.delivery), terms);
}

function showPhase({ now, phases, results }) {
  write("phase", now.name || "Not known");
  $("phase-color").style.background = now.color ?? "var(--line)";
  $("phase-bar").style.width = `${100 * now.probability}%`;
  $("phase-bar").style.background = now.color ?? "var(--line)";
  write("phase-probability", now.name ? `${Math.round(100 * now.probability)} % probable` : "");
  const open = phases.at(-1);
  const lasts = open && open.end === null && results.seconds !== null;
  write("phase-since", lasts ? `For ${span(results.seconds - open.start)}, since ${clock(open.start)}` : "");
  write("next", now.next ? `Next: ${now.next} ${soon(now.secondsToNext)}` : "");
  const doubt = doubts(now);
  $("doubt").hidden = !doubt;
  write("doubt", doubt);
}

function soon(seconds) {
  if (seconds === null) return "";
  const minutes = Math.round(seconds / 60);
  return minutes < 1 ? "in less than a minute" : `in about ${minutes} min`;
}

function doubts(now) {
  if (!now.familiar) return "The picture is unlike what the model knows: no results.";
  return now.inside === false ? "The camera is out of the body." : "";
}

function showInstruments(all) {
  $("instruments").hidden = !all.length;
  $("no-instruments").hidden = all.length > 0;
  fill($("instruments").tBodies[0], all.map((one) => ({ ...one, seconds: span(one.seconds) })), (rows) =>
    rows.map((one) =>
      make("tr", {},
        make("td", {}, make("span", { className: "dot", color: one.color, ariaHidden: "true" }), one.name),
        make("td", { className: one.inSight ? "on" : "soft" }, one.inSight ? "in sight" : "–"),
        make("td", {}, one.seconds))));
}

function showCriteria(all) {
  $("criteria-card").hidden = !all.length;
  write("criteria-title", `Critical view: ${all.filter((one) => one.met).length} of ${all.length} criteria met now`);
  fill($("criteria"), all, (rows) =>
    rows.map((one) =>
      make("li", { className: one.met ? "met" : "" },
        make("span", { className: one.met ? "mark on" : "mark soft", ariaHidden: "true" }, one.met ? "✓" : "○"),
        make("span", {}, one.name),
        make("span", { className: one.met ? "on" : "soft" }, said(one)))));
}

function said({ met, firstSeconds }) {
  if (met) return "met";
  return firstSeconds === null ? "not met" : `not now; first at ${clock(firstSeconds)}`;
}

// Entries are only ever added on top, so that a screen reader speaks the new ones alone.
let newest = null;
function showLog(log) {
  const list = $("log");
  $("no-log").hidden = log.length > 0;
  const keys = log.map((one) => JSON.stringify(one));
  const fresh = newest === null ? log : log.slice(keys.lastIndexOf(newest) + 1);
  for (const one of fresh) {
    list.prepend(make("li", { data: { severity: one.severity } },
      make("time", {}, clock(one.seconds)), make("span", {}, words(one))));
  }
  if (keys.length) newest = keys.at(-1);
  while (list.children.length > 200) list.lastElementChild.remove();
}

// The newest alert stays in sight for a while, whatever happens after it.
const PINNED = 120; // seconds
function showPinned({ log, picture }) {
  const alert = log.filter((one) => one.severity === "alert").at(-1);
  const shown = alert !== undefined && (picture.seconds ?? 0) - alert.seconds < PINNED;
  $("pinned").hidden = !shown;
  write("pinned", shown ? `${clock(alert.seconds)} ${words(alert)}` : "");
}

function words({ severity, text }) {
  return severity === "info" ? text : `${severity === "alert" ? "ALERT" : "Warning"}: ${text}`;
}

function showLatency(latency) {
  const rows = Object.entries(latency);
  $("latency").hidden = !rows.length;
  fill($("latency").tBodies[0], rows, (all) =>
    all.map(([name, one]) =>
      make("tr", {}, make("td", {}, name),
        ...[one.p50_ms, one.p95_ms, one.p99_ms, one.max_ms].map((value) => make("td", {}, value.toFixed(1))))));
}

function frames({ counts, gaps, results }) {
  const rows = [
    ["Frames arrived", counts.arrived], ["Frames analyzed", counts.analyzed], ["Frames dropped", counts.dropped],
  ].filter(([, value]) => value !== null);
  rows.push(["Source lost", lost(gaps), gaps.count > 0]);
  if (results.seconds !== null) rows.push(["Results until", clock(results.seconds), results.stale]);
  return rows;
}

function lost({ count, seconds }) {
  if (!count) return "never";
  return `${count === 1 ? "once" : `${count} times`}, ${span(seconds)} in all`;
}

function delivery(told) {
  if (!told) return [];
  const rows = [["Objects waiting", told.spooled, told.spooled > 0], ["Objects sent", told.sent]];
  if (told.failed) rows.push(["Objects refused", told.failed, true]);
  if (told.text) rows.push(["Delivery", told.text, told.failed > 0]);
  return rows;
}

function terms(rows) {
  return rows.flatMap(([name, value, bad]) => [
    make("dt", {}, name), make("dd", { className: bad ? "bad" : "" }, String(value)),
  ]);
}
