// SPDX-License-Identifier: Apache-2.0
// Joins the stream of pictures, the feed of news and the watch over both.

import { $, clock, write } from "./dom.js";
import { Feed } from "./feed.js";
import { showPanels } from "./panels.js";
import { showRibbon } from "./ribbon.js";
import { Stream } from "./stream.js";
import { standing } from "./watch.js";

let state = null;
let condition = "";

const stream = new Stream("stream.mjpg", $("picture"), (part) => {
  const chip = $("chip");
  chip.dataset.beat = chip.dataset.beat === "1" ? "0" : "1"; // moves with real pictures only
  $("picture").dataset.number = part.number;
  write("clock", clock(part.seconds));
});

const feed = new Feed("events", (news) => {
  if (state && state.session !== news.session) location.reload(); // another run: nothing carries over
  state = news;
  if (news.title) {
    write("title", news.title);
    document.title = `${news.title}: live findings`;
  }
  showPanels(news);
  showRibbon(news);
  look();
});

function look() {
  const now = standing(state, feed, stream, performance.now());
  $("stage").dataset.condition = $("chip").dataset.condition = now.condition;
  write("cover-text", now.text);
  $("chip").lastElementChild.textContent = now.condition.toUpperCase();
  if (now.condition !== condition) write("spoken", now.condition === "live" ? "" : now.text);
  condition = now.condition;
  const old = age(now);
  $("results").dataset.stale = String(Boolean(old));
  $("old").hidden = !old;
  write("old", old);
}

function age(now) {
  if (!state) return "";
  const until = clock(state.results.seconds);
  if (now.condition === "stale") return `STALE: results are as of ${until}`;
  return state.results.stale ? `STALE: results are ${state.results.behind.toFixed(1)} s behind the picture` : "";
}

setInterval(look, 100);
look();
