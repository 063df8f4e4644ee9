// What happens when somebody points at the lanes? Hovering tells, clicking chooses, dragging moves, the wheel zooms.

let dragged = null;

function pointOf(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function pointerMoved(event) {
  const [x, y] = pointOf(event);
  if (dragged) {
    dragged.moved ||= Math.abs(x - dragged.x) > 4;
    if (dragged.map) centre(x);
    else if (dragged.moved) showWindow(dragged.begin - (x - dragged.x) / dragged.unit, dragged.end - (x - dragged.x) / dragged.unit);
    return;
  }
  lanes.load = loadAt(x, y);
  state.hovered = lanes.load || y < MAP ? -1 : frameAt(x, y);
  canvas.style.cursor = lanes.load || state.hovered >= 0 || y < MAP ? "pointer" : "default";
  askDraw();
}

function pointerDown(event) {
  const [x, y] = pointOf(event);
  dragged = { x, begin: lanes.begin, end: lanes.end, unit: unit(), moved: false, map: y < MAP };
  if (dragged.map) centre(x);
  canvas.setPointerCapture(event.pointerId);
}

function pointerUp(event) {
  const [x, y] = pointOf(event), click = dragged && !dragged.moved && !dragged.map;
  dragged = null;
  if (!click) return;
  const load = loadAt(x, y), index = load ? usersOf(load.number)[0] : frameAt(x, y);
  if (index >= 0) choose(index);
}

function wheeled(event) {
  if (event.deltaX === 0 && !event.ctrlKey && lanes.total <= 4) return;
  event.preventDefault();
  if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) showWindow(lanes.begin + event.deltaX / unit(), lanes.end + event.deltaX / unit());
  else zoom(event.deltaY > 0 ? 1.25 : 0.8, toPosition(pointOf(event)[0]));
}

/** The map was pointed at: see what is there. */
function centre(x) {
  const half = (lanes.end - lanes.begin) / 2, middle = (x / lanes.width) * lanes.total;
  showWindow(middle - half, middle + half);
}

/** A line under the lanes: what is pointed at, else what is chosen. */
function sayLane() {
  const index = state.hovered >= 0 ? state.hovered : lanes.at.has(state.selected) ? state.selected : -1;
  let said = "Point at a frame or a load, or choose one in the list.";
  if (lanes.load) said = sayLoad(lanes.load);
  else if (index >= 0) {
    const codes = codesOf(index), number = data.columns.load[index];
    said = `Frame ${count(data.columns.number[index])}: ${headlineOf(index)}`;
    if (number >= 0) said += ` · context loaded by descriptor ${data.table.loads[number].place}`;
    if (codes.length) said += ` · ✗ ${codes.join(" ")}`;
  }
  if ($("lane-said").textContent !== said) $("lane-said").textContent = said;
}

function sayLoad(load) {
  const users = usersOf(load.number).length, named = Object.entries(load.named).map(([name, value]) => `${name} ${value}`);
  const used = users ? `used by ${some(users, "frame")}` : "replaced before any frame used it";
  return `Descriptor ${load.place} loads the ${load.segments ? "segmentation" : "plain"} context, ${used}: ${named.join(", ")}`;
}

/** The frames that used a load. */
function usersOf(number) {
  const users = [];
  for (let i = 0; i < data.table.count; i++) if (data.columns.load[i] === number) users.push(i);
  return users;
}
