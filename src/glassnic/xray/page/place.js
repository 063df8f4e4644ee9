// Where does a frame or a load stand in the lanes? Positions along the card's frames, and which window of them is seen.

const lanes = {
  card: 0, scale: "even", begin: 0, end: 1, total: 1,
  frames: [], places: [], at: new Map(), loads: [], byNumber: new Map(), rows: [], ring: 1, width: 1, height: 1,
};
const NO_CONTEXT = -1, RECEIVED = -2;
const FIRST_SEEN = 120;
const ROW_GAP = 17, BODY = 52, FLAT = 22, RING = 40, MAP = 14, AXIS = 18;

/** Take up a card: its frames, its loads, its lanes from the top down. */
function chooseCard(card) {
  const { columns, table } = data;
  lanes.card = card;
  lanes.frames = [];
  for (let i = 0; i < table.count; i++) if (columns.card[i] === card) lanes.frames.push(i);
  lanes.loads = table.loads.map((load, number) => ({ ...load, number })).filter((load) => load.card === card);
  lanes.byNumber = new Map(lanes.loads.map((load) => [load.number, load]));
  lanes.ring = 1 + Math.max(most(lanes.frames, (i) => columns.last[i]), most(lanes.loads, (load) => load.place));
  layRows();
  placeAll();
}

const most = (things, number) => things.reduce((found, one) => Math.max(found, number(one)), 0);

function layRows() {
  const has = (slot) => lanes.frames.some((i) => data.columns.slot[i] === slot);
  const slots = data.table.cards[lanes.card].slots;
  const rows = slots.map((kinds, slot) => ({ slot, height: kinds.length ? BODY : FLAT, title: slotTitle(slot, kinds) }));
  if (has(NO_CONTEXT)) rows.push({ slot: NO_CONTEXT, height: FLAT, title: "No context: sent as gathered" });
  if (has(RECEIVED)) rows.push({ slot: RECEIVED, height: FLAT, title: "Received" });
  let top = MAP + 4;
  for (const row of rows) {
    row.top = top + ROW_GAP;
    top = row.top + row.height;
  }
  lanes.rows = rows;
  lanes.ringTop = top + ROW_GAP;
  lanes.height = lanes.ringTop + RING + AXIS;
}

function slotTitle(slot, kinds) {
  if (!kinds.length) return `Context ${slot}: nothing is ever loaded here`;
  return `Context ${slot}: ${kinds.length > 1 ? "both kinds share it" : kinds[0]}`;
}

/** Positions: each frame and each load takes 1; by time, all share the same length by when they were. */
function placeAll() {
  const { frames, loads } = lanes, { at } = data.columns;
  const waiting = [...loads].sort((a, b) => a.before - b.before || a.at - b.at || a.number - b.number);
  const start = Math.min(at[frames[0]] ?? 0, waiting[0]?.at ?? Infinity);
  lanes.total = frames.length + loads.length;
  const length = Math.max(1, (at[frames.at(-1)] ?? 0) - start);
  const place = (when, order) => (lanes.scale === "even" ? order : (clamp(when - start, 0, length) / length) * (lanes.total - 1)) + 0.5;
  let order = 0, next = 0;
  lanes.places = frames.map((index) => {
    while (waiting[next]?.before <= index) waiting[next].place_at = place(waiting[next++].at, order++);
    return place(at[index], order++);
  });
  lanes.at = new Map(frames.map((index, nth) => [index, lanes.places[nth]]));
  for (const row of lanes.rows) {
    row.loads = waiting.filter((load) => load.slot === row.slot).sort((a, b) => a.place_at - b.place_at);
    row.loads.forEach((load, nth) => { load.shift = row.loads[nth - 1]?.place_at === load.place_at ? row.loads[nth - 1].shift + 12 : 0; });
  }
  showFirst();
}

/** What to begin with: around the first finding, as many positions as can be told apart. */
function showFirst() {
  const index = lanes.frames.find((i) => data.columns.severity[i]) ?? lanes.frames[0];
  const middle = lanes.at.get(index) ?? 0;
  showWindow(middle - FIRST_SEEN / 2, middle + FIRST_SEEN / 2);
}

/** See positions from `begin` to `end`; what does not fit is moved or cut. */
function showWindow(begin, end) {
  const width = clamp(end - begin, Math.min(4, lanes.total), lanes.total);
  lanes.begin = clamp(begin, 0, lanes.total - width);
  lanes.end = lanes.begin + width;
  tell("look");
}

function zoom(factor, about = (lanes.begin + lanes.end) / 2) {
  showWindow(about - (about - lanes.begin) * factor, about + (lanes.end - about) * factor);
}

/** Have a frame in sight. */
function showFrame(index) {
  const at = lanes.at.get(index);
  if (at === undefined || (at >= lanes.begin && at <= lanes.end)) return;
  const half = (lanes.end - lanes.begin) / 2;
  showWindow(at - half, at + half);
}

const EDGE = 28;
const toX = (position) => EDGE + ((position - lanes.begin) / (lanes.end - lanes.begin)) * (lanes.width - 2 * EDGE);
const toPosition = (x) => lanes.begin + ((x - EDGE) / (lanes.width - 2 * EDGE)) * (lanes.end - lanes.begin);
const loadX = (load) => toX(load.place_at) + load.shift;
const unit = () => (lanes.width - 2 * EDGE) / (lanes.end - lanes.begin);

/** The frame that stands nearest to a point of the canvas; one of the pointed lane before others. */
function frameAt(x, y) {
  const row = lanes.rows.find((one) => y >= one.top - ROW_GAP && y < one.top + one.height);
  const position = toPosition(x), reach = Math.max(0.6, 8 / unit());
  let best = -1, distance = reach;
  for (const index of lanes.frames) {
    if (row && data.columns.slot[index] !== row.slot) continue;
    const away = Math.abs(lanes.at.get(index) - position) - (data.columns.severity[index] ? 0.01 : 0);
    if (away < distance) [best, distance] = [index, away];
  }
  return best;
}

function loadAt(x, y) {
  const row = lanes.rows.find((one) => one.slot >= 0 && y >= one.top - 4 && y < one.top + one.height);
  return row?.loads.findLast((load) => Math.abs(loadX(load) - x) < 7 && Math.abs(row.top + 7 - y) < 9);
}
