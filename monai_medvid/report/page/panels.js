// What was analysed and by what, warnings, DICOM objects, files.

function fillPanels(data) {
  byId("title").textContent = data.title;
  byId("subtitle").textContent = [data.name, `${data.width} × ${data.height}`, plural(data.frameCount, "frame"), data.hasTime ? clockText(data.durationSeconds) : null].filter(Boolean).join(" · ");
  byId("chips").append(...chips(data).map((text) => make("li", {}, text)));
  fillFacts("video-facts", data.videoFacts);
  fillFacts("model-facts", data.modelFacts);
  fillFacts("settings", data.settings);
  byId("settings-card").hidden = !data.settings.length;
  fillFacts("run-facts", data.runFacts);
  byId("run-card").hidden = !data.runFacts.length;
  byId("warnings").append(...data.warnings.map((text) => make("li", {}, text)));
  byId("warnings-card").hidden = !data.warnings.length;
  fillObjects(data.objects);
  byId("files").append(...data.files.map((file) => make("li", {}, link(file.name), " ", make("span", {}, `${file.what} · ${sizeText(file.size)}`))));
  byId("files-card").hidden = !data.files.length;
}

function chips(data) {
  const tracks = data.items.filter((item) => item.kind === "track").length;
  const others = data.items.length - tracks;
  const counts = [tracks ? plural(tracks, "outlined finding") : null, others ? plural(others, "finding") + " in time" : null].filter(Boolean);
  const seen = data.every === 1 ? "every frame analysed" : `one frame in ${data.every} analysed`;
  return [...(counts.length ? counts : ["nothing found"]), seen];
}

function fillFacts(id, rows) {
  for (const [name, text] of rows) {
    const machine = /UID|SHA/.test(name);
    byId(id).append(make("dt", {}, name), make("dd", { class: machine ? "code-like" : null }, text));
  }
}

const FOLDED = 4; // objects of one kind and series from which on they share a row

function fillObjects(objects) {
  byId("objects-card").hidden = !objects.length;
  if (!objects.length) return;
  const groups = new Map();
  for (const one of objects) {
    const key = `${one.kind} ${one.series_instance_uid} ${one.status}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(one);
  }
  const rows = [...groups.values()].flatMap((group) => (group.length < FOLDED ? group.map(objectRow) : [foldedRow(group)]));
  const titles = ["Object", "Class and identifiers", "Size", "Delivery"];
  const head = make("tr", {}, ...titles.map((title) => make("th", { scope: "col" }, title)));
  byId("objects").append(make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
}

function objectRow(one) {
  return make("tr", {},
    make("td", {}, make("span", {}, one.kind), make("br"), link(one.path)),
    make("td", {}, one.sop_class, uid("Instance", one.sop_instance_uid), ...shared(one)),
    make("td", {}, sizeText(one.size)),
    make("td", {}, one.status));
}

function foldedRow(group) {
  const size = group.reduce((sum, one) => sum + one.size, 0);
  const all = make("ul", {}, ...group.map((one) => make("li", {}, link(one.path), uid("Instance", one.sop_instance_uid))));
  return make("tr", {},
    make("td", {}, `${group[0].kind} × ${group.length}`),
    make("td", {}, group[0].sop_class, ...shared(group[0]), make("details", {}, make("summary", {}, "Each of them"), all)),
    make("td", {}, sizeText(size)),
    make("td", {}, group[0].status));
}

function shared(one) {
  return [uid("Series", one.series_instance_uid), uid("Class", one.sop_class_uid), one.transfer_syntax ? uid("Syntax", one.transfer_syntax) : ""];
}

function uid(name, value) {
  return make("span", { class: "uid" }, make("b", {}, `${name} `), value);
}

// always a file below this page's folder, whatever the name looks like
function link(path) {
  return make("a", { href: "./" + path.split("/").map(encodeURIComponent).join("/") }, path);
}
