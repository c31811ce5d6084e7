// Outlines of all frames: gzipped columns in script elements, one a minute of video.

function makeRegions(every, units) {
  const rows = new Map(); // frame -> [[block, row], ...]
  const blocks = [];

  async function unpack(element) {
    const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
    element.remove();
    const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const block = JSON.parse(await new Response(plain).text());
    block.frame.forEach((frame, row) => {
      if (!rows.has(frame)) rows.set(frame, []);
      rows.get(frame).push([block, row]);
    });
    blocks.push(block);
  }

  async function load(onBlock) {
    for (const element of document.querySelectorAll("script.regions")) {
      await unpack(element);
      onBlock();
    }
  }

  // Where not every frame was analysed, outlines stand until the next analysed frame.
  const analysed = (frame) => frame - (frame % every);

  function at(frame) {
    return (rows.get(analysed(frame)) || []).map(([block, row]) => ({
      track: block.track[row],
      probability: block.probability[row] / 1000,
      area: block.area[row],
      rings: block.rings[row],
    }));
  }

  function each(visit) {
    for (const block of blocks) {
      block.frame.forEach((frame, row) => {
        visit(frame, block.track[row], block.probability[row] / 1000, block.area[row]);
      });
    }
  }

  return { load, at, each, analysed, units, get empty() { return rows.size === 0; } };
}

// a packed ring as canvas path commands
function traceRing(context, ring, units) {
  let x = ring[0];
  let y = ring[1];
  context.moveTo(x / units, y / units);
  for (let place = 2; place < ring.length; place += 2) {
    x += ring[place];
    y += ring[place + 1];
    context.lineTo(x / units, y / units);
  }
  context.closePath();
}
