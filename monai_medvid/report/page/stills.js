// Key frames: pictures that lead to their place in the video.

function fillStills(data, clock, go) {
  if (!data.stills.length) {
    byId("stills-card").hidden = true;
    return;
  }
  const items = new Map(data.items.map((item) => [item.uid, item]));
  byId("stills-hint").textContent = data.stills.length < data.items.length
    ? `The ${data.stills.length} most probable of ${data.items.length} findings, each in the frame that shows it best.`
    : "Each finding in the frame that shows it best. Choose one to go there.";
  byId("stills").append(...data.stills.map((still) => stillFigure(still, items.get(still.uid), data, clock, go)));
}

function stillFigure(still, item, data, clock, go) {
  const when = [positionText(still.frame, data, clock), `frame ${still.frame}`].filter(Boolean).join(", ");
  const image = make("img", { src: still.src, width: still.width, height: still.height, alt: `${nameOf(item)} at ${when}` });
  image.style.setProperty("--ratio", `${still.width} / ${still.height}`);
  const words = make("span", {}, `${nameOf(item)} · ${percentText(item.probability)}`, make("small", {}, when));
  const caption = make("span", { class: "caption" }, swatch(item), words);
  return make("figure", {}, make("button", { type: "button", click: () => go(still.frame, true, item) }, image, caption));
}
