// The timeline: lanes of findings, their curves, an axis and the playhead. Also the slider.

const LANE = 18;
const CAPTION = 20;
const CURVE = 74;
const AXIS = 22;
const LEAST = 3; // pixels that a finding takes at least, so that short ones can be seen and hit

function makeTimeline(canvas, box, data, clock, regions, go) {
  const groups = packLanes(data.items);
  const curve = data.items.some((item) => item.kind === "track") ? CURVE + CAPTION : 0;
  const height = groups.reduce((sum, group) => sum + CAPTION + group.lanes * LANE, 0) + curve + AXIS + 6;
  const layer = document.createElement("canvas");
  let density = 1;
  let width = 0;
  let frame = 0;

  const x = (seconds) => (seconds / clock.duration) * width;
  const seconds = (place) => (clamp(place, 0, width) / Math.max(1, width)) * clock.duration;

  function resize() {
    if (!box.clientWidth) return; // not laid out, e.g. in a hidden frame
    density = window.devicePixelRatio || 1;
    width = box.clientWidth;
    for (const one of [canvas, layer]) {
      one.width = Math.round(width * density);
      one.height = Math.round(height * density);
    }
    canvas.style.height = `${height}px`;
    render();
  }

  // everything but the playhead, drawn once
  function render() {
    const pen = layer.getContext("2d");
    const look = getComputedStyle(document.documentElement);
    const colors = { soft: look.getPropertyValue("--soft"), line: look.getPropertyValue("--line"), text: look.getPropertyValue("--text") };
    pen.setTransform(density, 0, 0, density, 0, 0);
    pen.clearRect(0, 0, width, height);
    drawAxis(pen, { width, height, clock, data, colors, x });
    let top = 0;
    for (const group of groups) {
      caption(pen, group.name, top, colors);
      group.top = top + CAPTION;
      for (const entry of group.placed) bar(pen, entry, group.top, colors);
      top = group.top + group.lanes * LANE;
    }
    if (curve) drawCurve(pen, { top, width, data, clock, regions, colors, x });
    draw(frame);
  }

  function caption(pen, text, top, colors) {
    pen.font = "600 11px system-ui, sans-serif";
    pen.fillStyle = colors.soft;
    pen.fillText(text, 0, top + 13);
  }

  function bar(pen, { item, lane }, top, colors) {
    const y = top + lane * LANE;
    pen.fillStyle = colors.line;
    const [left, right] = extent(item.startFrame, item.endFrame);
    pen.fillRect(left, y + LANE / 2 - 2, right - left, 2);
    pen.fillStyle = item.color;
    for (const [from, to] of item.runs) {
      const [start, end] = extent(from, to);
      pen.fillRect(start, y + 1, end - start, LANE - 5);
    }
    if (right - left < 24) return;
    pen.font = "700 11px system-ui, sans-serif";
    const text = right - left > 110 && item.kind !== "track" ? `${item.code} ${item.label}` : item.code;
    pen.save();
    pen.beginPath();
    pen.rect(left, y, right - left, LANE);
    pen.clip();
    pen.lineWidth = 3;
    pen.strokeStyle = item.color;
    pen.strokeText(text, left + 5, y + 12);
    pen.fillStyle = item.color === "#0072B2" ? "#fff" : "#000";
    pen.fillText(text, left + 5, y + 12);
    pen.restore();
  }

  function extent(from, to) {
    const left = x(clock.start(from));
    return [left, Math.max(x(clock.start(to)), left + LEAST)];
  }

  function draw(index) {
    frame = index;
    const pen = canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(layer, 0, 0);
    pen.setTransform(density, 0, 0, density, 0, 0);
    const place = clamp(x(clock.start(index)), 1, width - 1);
    pen.fillStyle = "#fff";
    pen.fillRect(place - 1, 0, 2, height - AXIS);
    pen.beginPath();
    pen.moveTo(place - 5, 0);
    pen.lineTo(place + 5, 0);
    pen.lineTo(place, 7);
    pen.fill();
  }

  // the finding under a point, with a finger's tolerance
  function hit(left, top) {
    for (const group of groups) {
      const lane = Math.floor((top - group.top) / LANE);
      if (top < group.top || lane >= group.lanes) continue;
      const near = group.placed.filter((entry) => entry.lane === lane && between(entry.item, left));
      if (near.length) return near[near.length - 1].item;
    }
    return null;
  }

  function between(item, left) {
    const [start, end] = extent(item.startFrame, item.endFrame);
    return left >= start - 2 && left <= end + 2;
  }

  function frameAt(event) {
    const area = canvas.getBoundingClientRect();
    const left = event.clientX - area.left;
    const index = clock.at(seconds(left));
    const item = hit(left, event.clientY - area.top);
    if (item && (index < item.startFrame || index >= item.endFrame)) return { index: item.bestFrame, item };
    return { index, item };
  }

  listenToPointer(box, byId("tip"), frameAt, (place) => go(place.index, place.item), data, clock);
  new ResizeObserver(resize).observe(box);
  return { draw, render };
}

function listenToPointer(box, tip, frameAt, choose, data, clock) {
  box.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    box.setPointerCapture(event.pointerId);
    choose(frameAt(event));
  });
  box.addEventListener("pointermove", (event) => {
    const place = frameAt(event);
    if (event.buttons & 1) choose(place);
    const name = place.item ? `\n${nameOf(place.item)}  ${percentText(place.item.probability)}` : "";
    tip.textContent = `${positionText(place.index, data, clock)}  frame ${place.index}${name}`;
    tip.hidden = false;
    const left = event.clientX - box.getBoundingClientRect().left;
    tip.style.left = `${clamp(left, tip.offsetWidth / 2, Math.max(tip.offsetWidth / 2, box.clientWidth - tip.offsetWidth / 2))}px`;
  });
  box.addEventListener("pointerleave", () => { tip.hidden = true; });
}

// time where the source has any, otherwise only the frame
function positionText(frame, data, clock) {
  return data.hasTime ? clockText(clock.start(frame)) : "";
}
