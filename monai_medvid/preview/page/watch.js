// SPDX-License-Identifier: Apache-2.0
// What may be believed of the picture, by the page's own clock: the server may be gone.

const SILENCE = 1500; // ms without news after which there is no contact; news come every 500 ms

export function standing(state, feed, stream, now) {
  if (feed.heardAt === null) return { condition: "waiting", text: "WAITING: no contact yet" };
  const silent = now - feed.heardAt;
  if (silent > SILENCE) return stale(`no contact with the program for ${tenths(silent)} s`);
  const picture = state.picture;
  if (picture.condition !== "live") return picture;
  if (stream.takenAt === null) return { condition: "waiting", text: "WAITING: no picture yet" };
  const age = now - stream.takenAt;
  if (age > 1000 * picture.staleAfter) return stale(`no picture for ${tenths(age)} s`);
  return picture;
}

const stale = (text) => ({ condition: "stale", text: `STALE: ${text}` });
const tenths = (milliseconds) => (milliseconds / 1000).toFixed(1);
