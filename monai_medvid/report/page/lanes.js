// Puts findings into as few lanes as do not overlap: what goes on in time first, then objects.
// One group for each kind; instruments and objects have one for each label.

const KINDS = { phase: "Phases", tool: "", criterion: "Criteria met", event: "Events", finding: "Findings" };
const MOST_LANES = 12;

function packLanes(items) {
  const order = Object.keys(KINDS);
  const rank = (item) => (order.indexOf(item.kind) + 1 || order.length + 1);
  const groups = new Map();
  for (const item of [...items].sort((a, b) => rank(a) - rank(b))) {
    const name = KINDS[item.kind] || item.label;
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(item);
  }
  return [...groups].map(([name, members]) => ({ name, ...packGroup(members) }));
}

function packGroup(members) {
  const ends = []; // of the last finding in each lane
  const placed = [...members].sort((a, b) => a.startFrame - b.startFrame).map((item) => {
    let lane = ends.findIndex((end) => end <= item.startFrame);
    if (lane < 0) lane = ends.length < MOST_LANES ? ends.length : ends.indexOf(Math.min(...ends));
    ends[lane] = Math.max(ends[lane] || 0, item.endFrame);
    return { item, lane };
  });
  return { placed, lanes: ends.length };
}
