// What is chosen? The selected frame, the frames that pass the filter, and who wants to know when either changes.

const state = { selected: -1, hovered: -1, passing: [], passes: null, found: [] };
const listeners = { select: [], filter: [], look: [] };
const on = (what, listener) => listeners[what].push(listener);
const tell = (what) => listeners[what].forEach((listener) => listener());

const filter = { text: "", protocol: "", direction: "", found: "" };

/** `all` of the data's frames that pass the filter, in order; of them those with findings. */
function sift() {
  const { columns, table } = data;
  const wanted = filter.text.trim().toLowerCase();
  const holds = table.combinations.map((kinds) => kinds.includes(Number(filter.found)));
  state.passes = new Uint8Array(table.count);
  state.passing = [];
  for (let i = 0; i < table.count; i++) {
    if (filter.protocol !== "" && columns.protocol[i] !== Number(filter.protocol)) continue;
    if (filter.direction !== "" && columns.sent[i] !== Number(filter.direction)) continue;
    if (filter.found === "any" ? !columns.severity[i] : filter.found !== "" && !holds[columns.found[i]]) continue;
    if (wanted && !searchText(i).includes(wanted) && !payloadHolds(i, wanted)) continue;
    state.passes[i] = 1;
    state.passing.push(i);
  }
  state.found = state.passing.filter((i) => columns.severity[i]);
  tell("filter");
}

function select(index) {
  if (index === state.selected) return;
  state.selected = index;
  tell("select");
}

/** Where in a sorted list `wanted` is or would be. */
function placeIn(sorted, wanted) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Move the selection by `steps` frames that pass the filter. */
function step(steps) {
  const { passing, selected } = state;
  if (!passing.length) return;
  const at = placeIn(passing, selected);
  const here = passing[at] === selected;
  const next = selected < 0 ? (steps > 0 ? steps - 1 : passing.length + steps) : at + steps - (!here && steps > 0 ? 1 : 0);
  select(passing[clamp(next, 0, passing.length - 1)]);
}

/** Select the next frame with a finding; behind the last comes the first. */
function nextFound(steps = 1) {
  const { found, selected } = state;
  if (!found.length) return;
  const at = placeIn(found, selected);
  const next = steps > 0 ? (found[at] === selected ? at + 1 : at) : at - 1;
  select(found[(next + found.length) % found.length]);
}
