// The table of findings: sortable, every row leads into the video.

const FIRST_ROWS = 200;

function makeTable(body, data, go) {
  if (!data.items.length) {
    body.append(nothing(data));
    return { mark() {} };
  }
  const columns = tableColumns(data, go);
  const rows = new Map();
  let sorted = { column: columns[1], down: false };
  let all = data.items.length <= FIRST_ROWS;
  const head = make("tr", {}, ...columns.map((column) => headCell(column, sortBy)));
  const list = make("tbody");
  const caption = make("caption", {}, "Names and times lead to the start, “Best” to the best frame.");
  const more = make("button", { type: "button", class: "text", click: () => { all = true; fill(); } }, `Show all ${data.items.length}`);
  body.append(make("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Table of findings" }, make("table", {}, caption, make("thead", {}, head), list), more));

  function sortBy(column) {
    sorted = { column, down: sorted.column === column ? !sorted.down : false };
    fill();
  }

  function fill() {
    const sign = sorted.down ? -1 : 1;
    const items = [...data.items].sort((a, b) => sign * compare(sorted.column.key(a), sorted.column.key(b)) || a.startFrame - b.startFrame);
    list.replaceChildren(...items.slice(0, all ? items.length : FIRST_ROWS).map(rowOf));
    more.hidden = all;
    [...head.children].forEach((cell, place) => {
      const on = columns[place] === sorted.column;
      cell.setAttribute("aria-sort", on ? (sorted.down ? "descending" : "ascending") : "none");
    });
  }

  function rowOf(item) {
    if (!rows.has(item)) {
      rows.set(item, make("tr", {}, ...columns.map((column) => make("td", { class: column.class }, column.cell(item)))));
    }
    return rows.get(item);
  }

  fill();
  return {
    mark(frame) {
      for (const [item, row] of rows) {
        const on = frame >= item.startFrame && frame < item.endFrame;
        if (on !== row.hasAttribute("aria-current")) {
          if (on) row.setAttribute("aria-current", "true");
          else row.removeAttribute("aria-current");
        }
      }
    },
  };
}

function compare(a, b) {
  if (typeof a === "string") return a.localeCompare(b, "en", { numeric: true });
  return a - b;
}

function headCell(column, sortBy) {
  const button = make("button", { type: "button", class: "plain", click: () => sortBy(column) }, column.title);
  return make("th", { scope: "col", class: column.class }, button);
}

function tableColumns(data, go) {
  const start = (item) => (data.hasTime ? clockText(item.startSeconds) : `frame ${item.startFrame}`);
  const jump = (frame, text, label, item) => make("button", { type: "button", class: "plain", "aria-label": label, click: () => go(frame, false, item) }, text);
  const span = (seconds) => (seconds < 100 ? `${seconds.toFixed(2)} s` : `${(seconds / 60).toFixed(1)} min`);
  const length = (item) => (data.hasTime ? item.endSeconds - item.startSeconds : item.endFrame - item.startFrame);
  return [
    { title: "Finding", key: nameOf, cell: (item) => make("span", { class: "name" }, swatch(item), jump(item.startFrame, nameOf(item), `Go to ${nameOf(item)}, start`, item)) },
    { title: "Start", class: "number", key: (item) => item.startFrame, cell: (item) => jump(item.startFrame, start(item), `Go to start of ${nameOf(item)}, ${start(item)}`, item) },
    { title: "Length", class: "number", key: length, cell: (item) => (data.hasTime ? span(length(item)) : plural(length(item), "frame")) },
    { title: "Prob.", class: "number", key: (item) => item.probability, cell: probabilityCell },
    { title: "Area", class: "number roomy", key: (item) => item.areaPercent ?? -1, cell: (item) => (item.areaPercent === null ? "–" : `${item.areaPercent.toFixed(1)} %`) },
    { title: "Best", class: "number", key: (item) => item.bestFrame, cell: (item) => jump(item.bestFrame, String(item.bestFrame), `Go to best frame of ${nameOf(item)}, frame ${item.bestFrame}`, item) },
  ];
}

function probabilityCell(item) {
  const fill = make("i");
  fill.style.width = `${100 * item.probability}%`;
  return make("span", {}, percentText(item.probability), make("span", { class: "bar", "aria-hidden": "true" }, fill));
}

function nothing(data) {
  const looked = `The model looked at ${plural(data.analyzedFrames, "frame")} for ${data.labels.join(", ") || "its labels"} and reported none.`;
  return make("div", { class: "none" }, make("strong", {}, "Nothing was found."), `${looked} That does not rule anything out.`);
}
