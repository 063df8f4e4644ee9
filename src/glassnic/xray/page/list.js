// Which frames are there? A grid that keeps only the rows in sight in the document, however many frames there are.

const COLUMNS = [
  ["number", "No.", (i) => count(data.columns.number[i])],
  ["time", "Time", (i) => seconds(data.columns.at[i])],
  ["source", "Source", (i) => addressOf("source", i)],
  ["way", "", (i) => (data.columns.sent[i] ? "→" : "←")],
  ["destination", "Destination", (i) => addressOf("destination", i)],
  ["protocol", "Protocol", protocolOf],
  ["length", "Length", (i) => count(data.columns.length[i])],
  ["context", "Context", (i) => contextOf(i)],
  ["info", "Info", (i) => infoOf(i)],
];
const SPARE_ROWS = 6;
const list = { grid: null, rows: null, height: 24 };

/** The slot a frame used, and the descriptor that loaded it. */
function contextOf(index) {
  const { slot, load } = data.columns;
  if (slot[index] < 0) return "";
  return load[index] < 0 ? `${slot[index]} · ?` : `${slot[index]} · d${data.table.loads[load[index]].place}`;
}

function infoOf(index) {
  const codes = codesOf(index), bad = data.columns.severity[index] === 2;
  const more = codes.length > 1 ? ` +${codes.length - 1}` : "";
  const found = codes.length ? [el("b", { class: bad ? "error" : "warning" }, `${bad ? "✗" : "▲"} ${codes[0]}${more}`), " "] : [];
  const info = data.columns.info[index];
  return [...found, info && `${info} `, el("span", { class: "quiet" }, headlineOf(index))];
}

function openList() {
  list.grid = $("grid");
  list.rows = list.grid.querySelector(".rows");
  const head = list.grid.querySelector(".head");
  COLUMNS.forEach(([name, title], at) =>
    head.append(el("span", { role: "columnheader", class: name, "aria-colindex": at + 1, "aria-label": title || "Direction" }, title)));
  list.grid.setAttribute("aria-colcount", COLUMNS.length);
  let waiting = false;
  list.grid.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; drawList(); });
  });
  list.rows.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (row) choose(Number(row.dataset.index));
  });
  new ResizeObserver(measureList).observe(list.grid);
  on("filter", () => { measureList(); showSelected(); });
  on("select", () => { showSelected(); drawList(); });
}

function measureList() {
  list.height = parseFloat(getComputedStyle(list.grid).getPropertyValue("--row")) || 24;
  list.rows.style.height = `${state.passing.length * list.height}px`;
  list.grid.setAttribute("aria-rowcount", state.passing.length + 1);
  drawList();
}

const headHeight = () => list.grid.querySelector(".head").offsetHeight;
const rowsInSight = () => Math.max(1, Math.floor((list.grid.clientHeight - headHeight()) / list.height));

/** Only rows in sight, and a few spare. */
function drawList() {
  const first = Math.max(0, Math.floor(list.grid.scrollTop / list.height) - SPARE_ROWS);
  const last = Math.min(state.passing.length, first + rowsInSight() + 2 * SPARE_ROWS + 1);
  const rows = [];
  for (let at = first; at < last; at++) rows.push(drawRow(at));
  list.rows.replaceChildren(...rows);
  if (!state.passing.length) list.rows.append(el("p", { class: "none" }, "No frame passes the filter."));
  const active = $(`row-${state.selected}`);
  if (active) list.grid.setAttribute("aria-activedescendant", active.id);
  else list.grid.removeAttribute("aria-activedescendant");
}

function drawRow(at) {
  const index = state.passing[at], chosen = index === state.selected, { severity, load, slot } = data.columns;
  const kind = slot[index] >= 0 && load[index] >= 0 ? (data.table.loads[load[index]].segments ? "segmentation" : "plain") : "";
  const row = el("div", {
    role: "row", id: `row-${index}`, "data-index": index, "aria-rowindex": at + 2, "aria-selected": String(chosen),
    class: ["row", kind, ["", "warned", "failed"][severity[index]]].filter(Boolean).join(" "),
  }, ...COLUMNS.map(([name, , content]) => el("span", { role: "gridcell", class: name }, content(index))));
  row.style.transform = `translateY(${at * list.height}px)`;
  return row;
}

/** Scroll no more than is needed to have the selected row in sight. */
function showSelected() {
  const at = placeIn(state.passing, state.selected);
  if (state.selected < 0 || state.passing[at] !== state.selected) return;
  const grid = list.grid, top = at * list.height, room = grid.clientHeight - headHeight();
  if (top < grid.scrollTop) grid.scrollTop = top;
  else if (top + list.height > grid.scrollTop + room) grid.scrollTop = top + list.height - room;
}
