// Puts findings into as few lanes as do not overlap, one group for each kind and label of object.

const KINDS = { phase: "Phases", event: "Events", tool: "Tools", finding: "Findings" };
const MOST_LANES = 12;

function packLanes(items) {
  const groups = new Map();
  for (const item of items) {
    const name = item.kind === "track" ? item.label : KINDS[item.kind] || item.kind;
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
