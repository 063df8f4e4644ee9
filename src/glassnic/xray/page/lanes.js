// What does the picture look like? Lanes on a canvas: contexts with their loads, frames as bars, the ring, the time.
// Colour never stands alone: a finding has its own sign above the bar, a load its words, a lane its title.

let canvas, pen, ink = {};

function openLanes() {
  canvas = $("canvas");
  pen = canvas.getContext("2d");
  readInk();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readInk(); askDraw(); });
  new ResizeObserver(askDraw).observe(canvas);
  on("filter", askDraw);
  on("look", askDraw);
  on("select", () => {
    const card = data.columns.card[state.selected];
    if (state.selected >= 0 && card !== lanes.card) { chooseCard(card); $("card").value = card; }
    showFrame(state.selected);
    askDraw();
  });
  canvas.addEventListener("pointermove", pointerMoved);
  canvas.addEventListener("pointerleave", () => { state.hovered = -1; lanes.load = undefined; askDraw(); });
  canvas.addEventListener("pointerdown", pointerDown);
  canvas.addEventListener("pointerup", pointerUp);
  canvas.addEventListener("wheel", wheeled, { passive: false });
}

function readInk() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["paper", "text", "quiet", "line", "soft", "plain", "segmentation", "received", "bad", "warn", "mark"])
    ink[name] = style.getPropertyValue(`--${name}`).trim();
  ink.font = style.getPropertyValue("--sans");
}

let drawing = false;
function askDraw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => { drawing = false; drawLanes(); });
}

function drawLanes() {
  const scale = devicePixelRatio || 1;
  lanes.width = canvas.clientWidth;
  canvas.style.height = `${lanes.height}px`;
  canvas.width = Math.round(lanes.width * scale);
  canvas.height = Math.round(lanes.height * scale);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  drawMap();
  lanes.rows.forEach(drawLane);
  drawRing();
  drawAxis();
  const inWindow = lanes.frames.filter((i) => lanes.at.get(i) > lanes.begin - 1 && lanes.at.get(i) < lanes.end + 1);
  if (inWindow.length <= 80) for (const i of inWindow) drawTie(i, 0.35, 1);
  const told = thinned(inWindow), { severity } = data.columns;
  for (const i of told) if (!severity[i]) drawFrame(i);
  for (const i of told) if (severity[i]) drawFrame(i);
  lanes.rows.forEach(drawLoads);
  for (const i of new Set([state.hovered, state.selected])) if (lanes.at.has(i)) drawChosen(i);
  sayLane();
}

/** Where frames stand closer than pixels, the longest of each pixel, lane and severity. */
function thinned(frames) {
  if (unit() >= 1) return frames;
  const { slot, severity, length } = data.columns, kept = new Map();
  for (const i of frames) {
    const spot = (Math.round(toX(lanes.at.get(i))) * 8 + slot[i] + 2) * 6 + severity[i] * 2 + state.passes[i];
    if (!(length[kept.get(spot)] >= length[i])) kept.set(spot, i);
  }
  return [...kept.values()];
}

const words = (text, x, y, colour, weight = 400, size = 11) => {
  pen.font = `${weight} ${size}px ${ink.font}`;
  pen.fillStyle = colour;
  pen.fillText(text, x, y);
};

/** All of the card's frames in a strip; the window that is seen; where findings are. */
function drawMap() {
  const x = (position) => (position / lanes.total) * lanes.width;
  pen.fillStyle = ink.soft;
  pen.fillRect(0, 0, lanes.width, MAP);
  if (lanes.end - lanes.begin < lanes.total) {
    pen.fillStyle = ink.mark;
    pen.globalAlpha = 0.3;
    pen.fillRect(x(lanes.begin), 0, Math.max(3, x(lanes.end) - x(lanes.begin)), MAP);
    pen.globalAlpha = 1;
  }
  const drawn = new Set();
  for (const i of lanes.frames) {
    const at = Math.round(x(lanes.at.get(i)));
    const severity = data.columns.severity[i], sign = `${at}.${severity}`;
    if (drawn.has(sign) || !state.passes[i]) continue;
    drawn.add(sign);
    pen.fillStyle = severity === 2 ? ink.bad : severity ? ink.warn : ink.quiet;
    pen.fillRect(at, severity ? 1 : 5, severity ? 2 : 1, severity ? MAP - 2 : MAP - 10);
  }
}

function drawLane(row) {
  words(row.title, 0, row.top - 5, ink.quiet);
  pen.fillStyle = ink.soft;
  pen.fillRect(0, row.top, lanes.width, row.height);
}

/** How long each context stayed, as a band from its load to the next; its sign and its words. */
function drawLoads(row) {
  row.loads?.forEach((load, nth) => {
    const x = loadX(load), next = row.loads[nth + 1], end = next ? loadX(next) : lanes.width;
    if (end < 0 || x > lanes.width || (end - x < 0.5 && unit() < 1 && nth % 8)) return;
    const colour = load.segments ? ink.segmentation : ink.plain;
    pen.fillStyle = colour;
    pen.fillRect(Math.max(0, x), row.top + row.height - 2, Math.max(1, end - Math.max(0, x)), 2);
    if (x < -6 || (unit() < 2 && load !== lanes.load)) return;
    pen.fillRect(x - 0.5, row.top, 1, row.height);
    diamond(x, row.top + 7, 5, colour);
    const told = `d${load.place} ${load.segments ? "segmentation" : "plain"}`;
    const room = end - x - 20;
    pen.font = `500 11px ${ink.font}`;
    const width = pen.measureText(told).width;
    if (width < room && unit() >= 2) {
      pen.fillStyle = ink.soft;
      pen.fillRect(x + 7, row.top + 1, width + 4, 12);
      words(told, x + 9, row.top + 11, colour, 500);
    }
  });
}

function diamond(x, y, size, colour) {
  pen.beginPath();
  pen.moveTo(x, y - size);
  pen.lineTo(x + size, y);
  pen.lineTo(x, y + size);
  pen.lineTo(x - size, y);
  pen.closePath();
  pen.fillStyle = colour;
  pen.fill();
  pen.strokeStyle = ink.paper;
  pen.lineWidth = 1;
  pen.stroke();
}

/** A bar of a frame: its lane says which context, its height how long it is. */
function barOf(index) {
  const row = lanes.rows.find((one) => one.slot === data.columns.slot[index]);
  const most = row.height === BODY ? BODY - 22 : FLAT - 8;
  const height = 4 + (most - 4) * Math.min(1, Math.log2(1 + data.columns.length[index] / 64) / Math.log2(1 + 1518 / 64));
  const width = clamp(unit() * 0.6, 1, 22);
  return { row, x: toX(lanes.at.get(index)) - width / 2, y: row.top + row.height - 3 - height, width, height };
}

function colourOf(index) {
  const { slot, load, severity } = data.columns;
  if (severity[index]) return severity[index] === 2 ? ink.bad : ink.warn;
  if (slot[index] === RECEIVED) return ink.received;
  if (load[index] < 0) return ink.quiet;
  return data.table.loads[load[index]].segments ? ink.segmentation : ink.plain;
}

function drawFrame(index) {
  const bar = barOf(index), severity = data.columns.severity[index];
  pen.globalAlpha = state.passes[index] ? 1 : 0.15;
  pen.fillStyle = colourOf(index);
  pen.fillRect(bar.x, bar.y, bar.width, bar.height);
  if (severity && bar.width >= 5) words(severity === 2 ? "✗" : "▲", bar.x + bar.width / 2 - 4, bar.y - 2, pen.fillStyle, 700, 10);
  else if (severity) pen.fillRect(bar.x - 1, bar.row.top + 1, 3, 3);
  drawPlaces(index);
  pen.globalAlpha = 1;
}

/** The line from the load to the frame that used it. */
function drawTie(index, alpha, width) {
  const load = lanes.byNumber.get(data.columns.load[index]);
  if (!load || !state.passes[index]) return;
  const bar = barOf(index), x = loadX(load), y = bar.row.top + 7, end = bar.x + bar.width / 2;
  pen.globalAlpha = alpha;
  pen.strokeStyle = colourOf(index);
  pen.lineWidth = width;
  pen.beginPath();
  pen.moveTo(x, y);
  if (end - x > 24) {  // down from the load, along under its words, down to the bar
    const high = bar.row.top + 17, bend = Math.min(24, (end - x) / 2);
    pen.bezierCurveTo(x + bend / 2, high, x + bend / 2, high, x + bend, high);
    pen.lineTo(end - bend, high);
    pen.quadraticCurveTo(end, high, end, bar.y);
  } else pen.lineTo(end, bar.y);
  pen.stroke();
  pen.globalAlpha = 1;
}

function drawChosen(index) {
  const bar = barOf(index), middle = bar.x + bar.width / 2;
  drawTie(index, 1, 2);
  pen.strokeStyle = ink.text;
  pen.lineWidth = index === state.selected ? 2 : 1;
  pen.strokeRect(bar.x - 2, bar.y - 2, bar.width + 4, bar.height + 4);
  pen.setLineDash([1, 3]);
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(middle, bar.y + bar.height + 4);
  pen.lineTo(middle, lanes.ringTop + RING);
  pen.stroke();
  pen.setLineDash([]);
}

/** The ring: the descriptors of each frame, from the first entry at the top to the last one at the bottom. */
function drawRing() {
  words(`Transmit ring: descriptors 0 to ${lanes.ring - 1}, from the top`, 0, lanes.ringTop - 5, ink.quiet);
  pen.fillStyle = ink.soft;
  pen.fillRect(0, lanes.ringTop, lanes.width, RING);
  if (unit() < 2) return;
  for (const load of lanes.loads) {
    const x = loadX(load);
    if (x > -6 && x < lanes.width + 6) diamond(x, ringY(load.place), 3.5, load.segments ? ink.segmentation : ink.plain);
  }
}

const ringY = (place) => lanes.ringTop + 5 + (place / Math.max(1, lanes.ring - 1)) * (RING - 10);

function drawPlaces(index) {
  const first = data.columns.first[index], last = data.columns.last[index];
  if (first < 0) return;
  const width = clamp(unit() * 0.6, 1, 22), x = toX(lanes.at.get(index)) - width / 2;
  for (const [from, to] of first <= last ? [[first, last]] : [[first, lanes.ring - 1], [0, last]])
    pen.fillRect(x, ringY(from) - 1.5, width, ringY(to) - ringY(from) + 3);
}

function drawAxis() {
  let free = 0;
  for (let x = EDGE; x < lanes.width - EDGE; x += 20) {
    const index = nearest(toPosition(x)), at = toX(lanes.at.get(index));
    if (index === undefined || at - 6 < free) continue;
    const told = `${count(data.columns.number[index])} · ${span(data.columns.at[index])}`;
    words(told, at - 4, lanes.height - 5, ink.quiet, 400, 10.5);
    pen.fillStyle = ink.line;
    pen.fillRect(at, lanes.ringTop + RING, 1, 5);
    free = at + pen.measureText(told).width + 24;
  }
}

/** The first of the card's frames at or behind a position. */
const nearest = (position) => lanes.frames[placeIn(lanes.places, position)];
