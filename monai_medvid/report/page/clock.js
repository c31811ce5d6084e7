// Which frame is shown at which time: the table of presentation times of the played video.

function makeClock(packed, count) {
  const tick = packed.tick[0] / packed.tick[1];
  const starts = new Float64Array(count + 1);
  let index = 0;
  let ticks = 0;
  for (const [step, times] of packed.steps) {
    for (let n = 0; n < times; n++) starts[++index] = (ticks += step) * tick;
  }
  const last = index > 0 ? starts[index] - starts[index - 1] : 0.04;
  starts[count] = starts[index] + last;

  // the frame that is on at a time: the last one that started
  function at(seconds) {
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= seconds) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // the frame whose own time stamp this is; players round stamps to microseconds
  function stamped(seconds) {
    const frame = at(seconds);
    if (frame + 1 < count && starts[frame + 1] - seconds < seconds - starts[frame]) return frame + 1;
    return frame;
  }

  return {
    count,
    duration: starts[count],
    start: (frame) => starts[clamp(frame, 0, count)],
    // never the edge of a frame, where players disagree which one is meant
    middle: (frame) => (starts[frame] + starts[frame + 1]) / 2,
    at,
    stamped,
  };
}
