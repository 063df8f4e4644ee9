// How does the page begin, and what do its controls and keys do?

const KEYS = [
  ["j k ↓ ↑", "next, previous frame"], ["Page, Home, End", "further, in the list"], ["Enter", "to the frame's story"],
  ["n N", "next, previous finding"], ["/", "search"], ["Esc", "back to the list; in the search, forget it"],
  ["← →", "in the lanes: previous, next frame"], ["+ − 0", "zoom the lanes in, out, to all"], ["?", "these keys"],
];
const narrow = matchMedia("(max-width: 960px)");

async function begin() {
  if (!window.DecompressionStream) {
    showLimit("This page needs a browser of 2023 or later.");
    return;
  }
  await readData();
  fillTop();
  fillFilters();
  fillKeys();
  openList();
  openLanes();
  openStory();
  on("select", changed);
  sift();
  chooseCard(data.columns.card?.[state.found[0] ?? 0] ?? 0);
  $("card").value = lanes.card;
  followAddress();
  addEventListener("hashchange", followAddress);
  document.documentElement.dataset.ready = "yes";
}

function fillTop() {
  const { table } = data, found = data.columns.severity.filter(Boolean).length;
  const start = Number(BigInt(table.start) / 1000000n), when = start > 1e11 ? new Date(start).toISOString().replace("T", " ").slice(0, 19) : "";
  $("file").textContent = table.file;
  $("facts").textContent = [some(table.count, "frame"), when && `${when} UTC`, table.cards.length > 1 ? some(table.cards.length, "card")
    : [table.cards[0]?.part, table.cards[0]?.profile && `profile ${table.cards[0].profile}`].filter(Boolean).join(", ")].filter(Boolean).join(" · ");
  $("jump").textContent = found ? `✗ ${some(found, "frame")} with findings` : "No findings";
  $("jump").disabled = !found;
  if (table.count < table.frames_in_file)
    showLimit(`This page holds ${count(table.count)} of the file's ${count(table.frames_in_file)} frames.`);
  if (table.kept_bytes) showLimit(`Of each frame it holds the first ${count(table.kept_bytes)} bytes.`);
}

function showLimit(text) {
  $("limits").hidden = false;
  $("limits").append(`${text} `);
}

function fillFilters() {
  const { table } = data, option = (value, text) => el("option", { value }, text);
  $("protocol").append(option("", "any protocol"), ...table.protocols.map((name, at) => [name, at]).sort().map(([name, at]) => option(at, name)));
  $("found").append(option("", "all frames"), option("any", "with findings"), ...table.kinds.map((kind, at) => option(at, kind.code)));
  $("card").append(...table.cards.map((card, at) => option(at, card.name)));
  $("card-label").hidden = table.cards.length < 2;
  for (const name of ["protocol", "direction", "found"])
    $(name).addEventListener("change", () => { filter[name] = $(name).value; sift(); });
  let wait;
  $("search").addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => { filter.text = $("search").value; sift(); }, 120);
  });
  document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
  $("clear").addEventListener("click", clearFilters);
  on("filter", () => {
    const all = Object.values(filter).every((value) => value === "");
    $("clear").hidden = all;
    $("count").textContent = all ? "" : `${count(state.passing.length)} of ${count(table.count)}`;
  });
}

function clearFilters() {
  for (const name of Object.keys(filter)) filter[name] = $(name === "text" ? "search" : name).value = "";
  sift();
}

function fillKeys() {
  $("keys").append(el("h2", { id: "keys-title" }, "Keys"),
    el("dl", {}, KEYS.flatMap(([keys, meant]) => [el("dt", {}, keys.split(" ").flatMap((key) => [el("kbd", {}, key.replace(",", "")), " "])), el("dd", {}, meant)])),
    el("p", { class: "quiet" }, "In the lanes a bar is a frame: its lane says which context it used, its height how long it is. A diamond is a descriptor that loads a context; the line at the lane's foot says how long that context stayed. Drag to move, turn the wheel to zoom."),
    el("form", { method: "dialog" }, el("button", {}, "Close")));
}

/** A frame was chosen on purpose: show it, and on a narrow screen go to it. */
function choose(index) {
  if (!state.passes[index]) clearFilters();
  select(index);
  if (narrow.matches) readStory();
}

function jump(steps = 1) {
  if (!state.found.length) clearFilters();
  nextFound(steps);
  if (narrow.matches) readStory();
}

function readStory() {
  if (state.selected < 0) return;
  document.body.classList.add("reading");
  $("story").focus({ preventScroll: true });
}

function closeStory() {
  document.body.classList.remove("reading");
  $("grid").focus();
}

function changed() {
  const index = state.selected, number = data.columns.number[index];
  history.replaceState(null, "", `#${number}`);
  const codes = codesOf(index);
  $("news").textContent = `Frame ${number}, ${protocolOf(index)}, ${codes.length ? `findings: ${codes.join(", ")}` : "no finding"}`;
}

/** `page.html#15` is frame 15. */
function followAddress() {
  const index = data.columns.number?.indexOf(Number(location.hash.slice(1))) ?? -1;
  if (index >= 0) choose(index);
}

function switchTheme() {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = (root.dataset.theme ?? (dark ? "dark" : "light")) === "dark" ? "light" : "dark";
  readInk();
  askDraw();
}

const ANYWHERE = {
  j: () => step(1), k: () => step(-1), n: () => jump(1), N: () => jump(-1), "?": () => $("keys").showModal(),
  "/": () => { document.body.classList.remove("reading"); $("search").focus(); $("search").select(); },
  Escape: closeStory, "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: () => showWindow(0, lanes.total),
};
const IN_LIST = {
  ArrowDown: () => step(1), ArrowUp: () => step(-1), PageDown: () => step(rowsInSight()), PageUp: () => step(-rowsInSight()),
  Home: () => step(-Infinity), End: () => step(Infinity), Enter: readStory,
};
const IN_LANES = { ArrowRight: () => step(1), ArrowLeft: () => step(-1), Home: IN_LIST.Home, End: IN_LIST.End, Enter: readStory };

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  const at = event.target;
  if (at.matches("input, select, textarea")) {
    if (event.key !== "Escape" || at.id !== "search") return;
    clearFilters();
    $("grid").focus();
    return;
  }
  const local = at.id === "grid" || at === document.body ? IN_LIST : at.id === "canvas" ? IN_LANES : {};
  const act = local[event.key] ?? ANYWHERE[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

$("jump").addEventListener("click", () => jump());
$("theme").addEventListener("click", switchTheme);
$("help").addEventListener("click", () => $("keys").showModal());
$("in").addEventListener("click", () => zoom(0.5));
$("out").addEventListener("click", () => zoom(2));
$("all").addEventListener("click", () => showWindow(0, lanes.total));
$("scale").addEventListener("change", () => { lanes.scale = $("scale").value; placeAll(); });
$("card").addEventListener("change", () => chooseCard(Number($("card").value)));
addEventListener("keydown", pressed);
begin();
