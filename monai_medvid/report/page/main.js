// Puts the parts together.

const data = JSON.parse(byId("data").textContent);
const clock = makeClock(data.clock, data.frameCount);
const regions = makeRegions(data.every, data.units);
const tracks = new Map(data.items.filter((item) => item.kind === "track").map((item) => [item.number, item]));
const stage = byId("stage");
const overlay = makeOverlay(byId("overlay"), stage, data, regions, tracks);
const player = makePlayer(byId("video"), clock, onFrame);
const findings = [...data.items].sort((a, b) => a.startFrame - b.startFrame);

fillPanels(data);
const table = makeTable(byId("findings-body"), data, go);
fillStills(data, clock, go);
const why = makeWhy(data, clock, go);
const timeline = makeTimeline(byId("lanes"), byId("timeline"), data, clock, regions, (frame, item) => { player.goTo(frame); why.choose(item); });
let announced = "";
let nothingPlays = byId("video") === null;

function onFrame(frame) {
  if (nothingPlays) showStill(frame);
  else overlay.draw(frame);
  timeline.draw(frame);
  table.mark(frame);
  tell(frame);
}

function tell(frame) {
  const present = findings.filter((item) => frame >= item.startFrame && frame < item.endFrame).map(nameOf);
  const time = positionText(frame, data, clock);
  byId("time").textContent = time;
  byId("frame").textContent = `frame ${frame}`;
  const badge = byId("exact");
  badge.textContent = player.exact ? heldText(frame) : player.late ? "catching up" : "within one frame";
  badge.classList.toggle("loose", !player.exact);
  byId("play").classList.toggle("playing", player.playing);
  byId("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
  const slider = byId("timeline");
  slider.setAttribute("aria-valuenow", frame);
  slider.setAttribute("aria-valuetext", [time ? spokenTime(clock.start(frame)) : null, `frame ${frame}`, ...present].filter(Boolean).join(", "));
  const words = present.join(", ") || "no finding";
  if (words !== announced) byId("live").textContent = announced = words;
}

function heldText(frame) {
  if (nothingPlays) return "key frame";
  return regions.analysed(frame) === frame ? "frame-exact" : `outline of ${regions.analysed(frame)}`;
}

// without a video: the nearest key frame, whose picture has its outlines in it
function showStill(frame) {
  const nearest = data.stills.reduce((best, still) => (best && Math.abs(best.frame - frame) <= Math.abs(still.frame - frame) ? best : still), null);
  byId("still").hidden = !nearest;
  if (!nearest) return;
  byId("still").src = nearest.src;
  byId("still").alt = `Key frame ${nearest.frame}`;
}

function say(text) {
  byId("message").textContent = text;
  byId("message").hidden = false;
}

function withoutVideo(text) {
  nothingPlays = true;
  byId("overlay").hidden = true;
  if (byId("video")) byId("video").hidden = true;
  for (const id of ["play", "speed", "outlines", "full"]) byId(id).disabled = true;
  say(text);
  player.goTo(player.target);
}

function go(frame, scroll = false, item = null) {
  why.choose(item);
  player.pause();
  player.goTo(frame);
  if (scroll || stage.getBoundingClientRect().bottom < 80) stage.scrollIntoView({ block: "center" });
}

const actions = {
  toggle: () => player.toggle(),
  step(sign, event) {
    if (!event.shiftKey && !event.ctrlKey) return player.step(sign);
    const seconds = clock.start(player.target) + sign * (event.ctrlKey ? 10 : 1);
    player.step(clock.at(clamp(seconds + 1e-6, 0, clock.duration)) - player.target);
  },
  finding(sign) {
    const frames = [...new Set(findings.map((item) => item.startFrame))];
    const next = sign > 0 ? frames.find((frame) => frame > player.target) : frames.reverse().find((frame) => frame < player.target);
    if (next !== undefined) go(next);
  },
  speed(sign) {
    const select = byId("speed");
    select.selectedIndex = clamp(select.selectedIndex + sign, 0, select.options.length - 1);
    player.rate = Number(select.value);
  },
  outlines() {
    overlay.visible = !overlay.visible;
    byId("outlines").setAttribute("aria-pressed", overlay.visible);
    overlay.draw(player.frame);
  },
  full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (stage.requestFullscreen) stage.requestFullscreen().catch(() => {});
  },
  help: () => byId("help").showModal(),
};

function wire() {
  const still = {};
  const on = (id, act) => byId(id).addEventListener("click", act);
  on("play", actions.toggle);
  on("back", () => actions.step(-1, still));
  on("forward", () => actions.step(1, still));
  on("previous-finding", () => actions.finding(-1));
  on("next-finding", () => actions.finding(1));
  on("outlines", actions.outlines);
  on("full", actions.full);
  on("help-open", actions.help);
  byId("speed").addEventListener("change", () => actions.speed(0));
  byId("timeline").setAttribute("aria-valuemax", data.frameCount - 1);
  byId("timeline-hint").textContent = "Choose a place to go there. Outlines are of exactly the frame that is shown when paused, and within one frame while playing.";
  listenToKeys(actions);
  listenToSlider(byId("timeline"), player, clock);
}

// report.html#frame=250 leads to a frame
function linked() {
  const asked = /^#frame=(\d+)$/.exec(location.hash);
  return asked ? Number(asked[1]) : null;
}

function start() {
  player.goTo(linked() ?? (findings.length ? findings[0].bestFrame : 0));
  window.addEventListener("hashchange", () => linked() !== null && go(linked()));
}

wire();
const video = byId("video");
if (video) {
  const fit = () => { stage.style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`; };
  video.addEventListener("loadedmetadata", fit);
  video.addEventListener("error", () => withoutVideo("This browser cannot play the video. Key frames and findings are complete."));
  for (const name of ["play", "pause"]) video.addEventListener(name, () => onFrame(player.frame));
  new ResizeObserver(() => overlay.draw(player.frame)).observe(stage);
  start();
} else {
  stage.style.aspectRatio = `${data.width} / ${data.height}`;
  start();
  withoutVideo(data.stills.length ? "No video in this page: the key frames are shown." : "No video in this page.");
}
regions.load(() => { overlay.draw(player.frame); timeline.render(); }).catch(() => say("The outlines could not be read by this browser."));
