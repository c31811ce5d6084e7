// Draws the outlines of one frame on a canvas that lies over the video.

function makeOverlay(canvas, stage, data, regions, tracks) {
  const context = canvas.getContext("2d");
  let visible = true;

  // where the picture lies within the canvas, in its pixels
  function place() {
    const density = window.devicePixelRatio || 1;
    const width = Math.round(stage.clientWidth * density);
    const height = Math.round(stage.clientHeight * density);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const ratio = pictureRatio();
    const shown = Math.min(width, height * ratio);
    return { left: (width - shown) / 2, top: (height - shown / ratio) / 2, width: shown, height: shown / ratio, density };
  }

  function pictureRatio() {
    const video = byId("video");
    if (video && video.videoWidth) return video.videoWidth / video.videoHeight;
    return data.width / data.height;
  }

  function draw(frame) {
    const area = place();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    canvas.dataset.frame = frame;
    canvas.dataset.outlines = 0;
    if (!visible) return;
    const found = regions.at(frame).filter((region) => tracks.has(region.track));
    canvas.dataset.outlines = found.length;
    for (const region of found) outline(region, tracks.get(region.track), area);
    for (const region of found) label(region, tracks.get(region.track), area);
  }

  function outline(region, item, area) {
    const path = new Path2D();
    for (const ring of region.rings) traceRing(path, ring, regions.units);
    const onScreen = new Path2D();
    const scale = new DOMMatrix([area.width / data.width, 0, 0, area.height / data.height, area.left, area.top]);
    onScreen.addPath(path, scale);
    context.lineJoin = "round";
    stroke(onScreen, "#fff", 4 * area.density, []);
    stroke(onScreen, item.color, 2 * area.density, item.dash.map((length) => length * area.density));
  }

  function stroke(path, color, width, dash) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.stroke(path);
  }

  function label(region, item, area) {
    if (!region.rings.length) return;
    const box = ringBox(region.rings[0], regions.units);
    const size = 13 * area.density;
    const text = `${nameOf(item)}  ${percentText(region.probability)}`;
    context.font = `600 ${size}px system-ui, sans-serif`;
    const width = context.measureText(text).width + size;
    const x = clamp(area.left + (box.left / data.width) * area.width, area.left, area.left + area.width - width);
    const above = area.top + (box.top / data.height) * area.height - 2 * size;
    const below = area.top + (box.bottom / data.height) * area.height + 0.5 * size;
    const y = above > area.top ? above : Math.min(below, area.top + area.height - 1.6 * size);
    context.fillStyle = "#000c";
    context.fillRect(x, y, width, 1.5 * size);
    context.fillStyle = item.color;
    context.fillRect(x, y, 0.25 * size, 1.5 * size);
    context.fillStyle = "#fff";
    context.fillText(text, x + 0.6 * size, y + 1.1 * size);
  }

  return {
    draw,
    get visible() { return visible; },
    set visible(value) { visible = value; },
  };
}

function ringBox(ring, units) {
  const box = { left: Infinity, top: Infinity, bottom: -Infinity };
  let x = 0;
  let y = 0;
  for (let place = 0; place < ring.length; place += 2) {
    x += ring[place];
    y += ring[place + 1];
    box.left = Math.min(box.left, x / units);
    box.top = Math.min(box.top, y / units);
    box.bottom = Math.max(box.bottom, y / units);
  }
  return box;
}
