// The axis of the timeline, and probability and area of each track over time.

function drawAxis(pen, { width, height, clock, data, colors, x }) {
  const total = data.hasTime ? clock.duration : clock.count;
  const step = niceStep(total / Math.max(2, Math.floor(width / 90)));
  pen.font = "11px system-ui, sans-serif";
  for (let value = 0; value <= total * 0.999; value += step) {
    const place = data.hasTime ? x(value) : x(clock.start(Math.round(value)));
    pen.fillStyle = colors.line;
    pen.fillRect(place, 0, 1, height - AXIS + 5);
    pen.fillStyle = colors.soft;
    pen.fillText(axisText(value, step, data.hasTime), Math.min(place + 3, width - 34), height - 6);
  }
}

function axisText(value, step, hasTime) {
  if (!hasTime) return String(Math.round(value));
  return clockText(value, step < 0.1 ? 2 : step < 1 ? 1 : 0);
}

function niceStep(least) {
  const steps = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
  return steps.find((step) => step >= least) || 10 ** Math.ceil(Math.log10(least));
}

function drawCurve(pen, { top, width, data, clock, regions, colors, x }) {
  const tracks = data.items.filter((item) => item.kind === "track");
  const columns = sumColumns(width, clock, regions, x, data.every);
  const most = Math.max(...[...columns.values()].map((one) => Math.max(...one.area)), 1);
  const percent = (100 * most) / (data.width * data.height);
  const bottom = top + CAPTION + CURVE - 6;
  const room = CURVE - 12;
  pen.font = "600 11px system-ui, sans-serif";
  pen.fillStyle = colors.soft;
  pen.fillText(`Probability (line), area (fill, up to ${percent.toFixed(percent < 1 ? 2 : 1)} %)`, 0, top + 14);
  for (const value of [0, 0.5, 1]) {
    pen.fillStyle = colors.line;
    pen.fillRect(0, bottom - value * room, width, 1);
  }
  for (const item of tracks) {
    const column = columns.get(item.number);
    if (column) trackCurve(pen, item, column, { bottom, room, most });
  }
}

function trackCurve(pen, item, column, { bottom, room, most }) {
  pen.fillStyle = item.color + "40";
  column.area.forEach((area, place) => {
    if (area) pen.fillRect(place, bottom - (area / most) * room, 1, (area / most) * room);
  });
  pen.strokeStyle = item.color;
  pen.lineWidth = 1.8;
  pen.lineJoin = "round";
  pen.setLineDash(item.dash);
  pen.beginPath();
  let drawing = false;
  column.probability.forEach((value, place) => {
    if (value < 0) { drawing = false; return; }
    if (drawing) pen.lineTo(place + 0.5, bottom - value * room);
    else { pen.moveTo(place, bottom - value * room); pen.lineTo(place + 0.5, bottom - value * room); }
    drawing = true;
  });
  pen.stroke();
  pen.setLineDash([]);
}

// highest area and mean probability of each track in each column of pixels
function sumColumns(width, clock, regions, x, every) {
  const size = Math.max(1, Math.ceil(width));
  const columns = new Map();
  regions.each((frame, track, probability, area) => {
    if (!columns.has(track)) {
      columns.set(track, { area: new Float64Array(size), sum: new Float64Array(size), count: new Uint32Array(size) });
    }
    const one = columns.get(track);
    const first = clamp(Math.floor(x(clock.start(frame))), 0, size - 1);
    const last = clamp(Math.ceil(x(clock.start(frame + every))) - 1, first, size - 1);
    for (let place = first; place <= last; place++) {
      one.area[place] = Math.max(one.area[place], area);
      one.sum[place] += probability;
      one.count[place]++;
    }
  });
  for (const one of columns.values()) {
    one.probability = one.sum.map((sum, place) => (one.count[place] ? sum / one.count[place] : -1));
  }
  return columns;
}
