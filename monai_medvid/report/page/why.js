// What an answer rested on: the heat map over the frame, and the moments before it.

const TOLD = 5; // moments that are named

function makeWhy(data, clock, go) {
  if (!data.explanations.length) return { choose() {} };
  const items = new Map(data.items.map((item) => [item.uid, item]));
  const stills = new Map(data.stills.map((still) => [still.uid, still]));
  const explained = new Map(data.explanations.map((one) => [one.uid, one]));
  const select = byId("why-finding");
  const heat = byId("why-heat");
  byId("why-card").hidden = false;
  select.append(...data.explanations.map((one) => make("option", { value: one.uid }, titleOf(items.get(one.uid)))));
  select.addEventListener("change", () => show(select.value));
  byId("why-toggle").addEventListener("click", toggle);
  byId("why-strength").addEventListener("input", strengthen);

  function titleOf(item) {
    return `${item.code} ${nameOf(item)}, ${positionText(item.bestFrame, data, clock) || `frame ${item.bestFrame}`}`;
  }

  function show(uid) {
    const [item, still, one] = [items.get(uid), stills.get(uid), explained.get(uid)];
    select.value = uid;
    const when = [positionText(item.bestFrame, data, clock), `frame ${item.bestFrame}`].filter(Boolean).join(", ");
    byId("why-when").textContent = `${percentText(item.probability)} probable · ${when}`;
    byId("why-frame").src = still.src;
    byId("why-frame").width = still.width;
    byId("why-frame").height = still.height;
    byId("why-frame").alt = `${nameOf(item)} at ${when}, with a heat map of what mattered`;
    heat.src = one.heat;
    drawStrip(one.ticks);
    nameTicks(one.ticks);
  }

  function drawStrip(ticks) {
    const most = Math.max(...ticks.map((tick) => tick[1]), 1);
    const strip = byId("why-strip");
    strip.setAttribute("viewBox", `0 0 ${ticks.length} 100`);
    strip.setAttribute("aria-label", `How much each of ${plural(ticks.length, "moment")} counted`);
    strip.replaceChildren(...ticks.map(([, weight], place) => {
      const tall = Math.max((94 * weight) / most, 2);
      const last = place === ticks.length - 1;
      return makeSvg("rect", { x: place + 0.08, width: 0.84, y: 100 - tall, height: tall, fill: last ? "#e8ecef" : "#56b4e9" });
    }));
    const before = ticks[ticks.length - 1][0] - ticks[0][0];
    byId("why-from").textContent = before > 0 ? `${before.toFixed(0)} s before` : "";
  }

  function nameTicks(ticks) {
    const told = ticks.filter((tick) => tick[1] > 0).sort((a, b) => b[1] - a[1]).slice(0, TOLD);
    const list = told.map(([seconds, weight]) => {
      const frame = clock.at(clamp(seconds + 1e-6, 0, clock.duration));
      const time = positionText(frame, data, clock) || `frame ${frame}`;
      const label = `Go to ${time}, which counted for ${percentText(weight / 1000)}`;
      return make("li", {}, make("button", { type: "button", "aria-label": label, click: () => go(frame) }, `${time} · ${percentText(weight / 1000)}`));
    });
    byId("why-ticks").replaceChildren(...(list.length ? list : [make("li", {}, "None stood out.")]));
  }

  function toggle() {
    heat.hidden = !heat.hidden;
    byId("why-toggle").setAttribute("aria-pressed", !heat.hidden);
  }

  function strengthen() {
    heat.style.opacity = byId("why-strength").value / 100;
  }

  strengthen();
  show(data.explanations[0].uid);
  return {
    choose(item) {
      if (item && explained.has(item.uid)) show(item.uid);
    },
  };
}
