// What happened to the chosen frame? Findings, the context it used, its bytes, its descriptors, and the sentences.

function openStory() {
  on("select", drawStory);
  on("filter", () => { if (state.selected < 0) drawStory(); });
  matchMedia("(max-width: 520px)").addEventListener("change", drawStory);
}

function drawStory() {
  const story = $("story"), index = state.selected;
  story.replaceChildren(...(index < 0 ? drawOverview() : drawFrameStory(index)));
  story.scrollTop = 0;
}

function drawFrameStory(index) {
  const words = wordsOf(index), points = words.points ?? [];
  return [
    drawTitle(index, words),
    points.length ? el("section", { "aria-label": "Findings" }, el("ul", { class: "findings" }, points.map(drawPoint))) : null,
    drawContext(index, words),
    el("section", {}, el("h3", {}, "Bytes"), drawOctets(index, words)),
    drawDescriptors(words),
    words.sentences?.length
      ? el("section", {}, el("h3", {}, "In words"), el("ul", { class: "said" }, words.sentences.map((one) => el("li", {}, sentence(one)))))
      : null,
  ].filter(Boolean);
}

function drawTitle(index, words) {
  const number = data.columns.number[index], way = directionOf(index);
  const facts = [
    `${protocolOf(index)}, ${addressOf("source", index)} → ${addressOf("destination", index)}`,
    `${way}, ${some(data.columns.length[index], "byte")}`, `${seconds(data.columns.at[index])} s`,
    data.table.cards.length > 1 ? `card ${cardOf(index).name}` : "",
  ];
  return el("header", {},
    el("div", { class: "bar" },
      el("button", { type: "button", class: "back", onclick: closeStory }, "← frames"),
      el("h2", { tabindex: "-1" }, `Frame ${count(number)}`),
      el("span", { class: "joined", role: "group", "aria-label": "Other frames" },
        el("button", { type: "button", "aria-label": "Frame before", title: "Frame before (k)", onclick: () => step(-1) }, "↑"),
        el("button", { type: "button", "aria-label": "Frame after", title: "Frame after (j)", onclick: () => step(1) }, "↓"),
        state.found.length
          ? el("button", { type: "button", class: "jump", title: "Next finding (n)", onclick: () => nextFound() }, "✗ next") : null)),
    el("p", { class: "headline" }, sentence(words.headline)),
    el("p", { class: "quiet" }, facts.filter(Boolean).join(" · ")));
}

function drawPoint([code, severity, text, section, places]) {
  const show = () => {
    document.querySelectorAll(".octet.shown").forEach((one) => one.classList.remove("shown"));
    const octets = places.map((at) => document.querySelector(`.octet[data-at="${at}"]`)).filter(Boolean);
    octets.forEach((one) => one.classList.add("shown"));
    octets[0]?.scrollIntoView({ block: "center" });
  };
  return el("li", { class: severity },
    el("p", { class: "code" }, el("b", {}, `${severity === "error" ? "✗" : "▲"} ${code}`), el("span", { class: "quiet" }, severity)),
    el("p", {}, text, " ", el("span", { class: "section" }, `§${section}`),
      places.length ? [" ", el("button", { type: "button", class: "link", onclick: show }, `show bytes ${run(places[0], places.at(-1))}`)] : null));
}

/** The context that was used, beside those it had replaced; what differs is marked. */
function drawContext(index, words) {
  if (data.columns.slot[index] < 0) return null;
  const slot = data.columns.slot[index], loads = (words.loads ?? []).map((number) => data.table.loads[number]);
  if (!loads.length) return el("section", {}, el("h3", {}, `Context ${slot}`), el("p", {}, "Nothing is known of its being loaded."));
  const used = loads.at(-1), others = loads.slice(0, -1).reverse(), users = usersOf(words.loads.at(-1));
  const title = (load, verb) => [el("b", {}, verb), el("br"), `descriptor ${load.place}`, el("br"),
    el("span", { class: load.segments ? "segmentation" : "plain" }, load.segments ? "segmentation" : "plain")];
  const heads = [title(used, "used"), ...others.map((load) => title(load, "replaced"))];
  const rows = Object.entries(used.named).map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, String(value)),
    others.map((load) => drawValue(load.named[name], value))));
  const age = data.columns.at[index] - used.at;
  const link = (at) => el("button", { type: "button", class: "link", onclick: () => choose(at) }, count(data.columns.number[at]));
  return el("section", {}, el("h3", {}, `Context ${slot}`),
    el("p", {}, age > 0 ? `Loaded ${span(age)} before; ` : "Loaded in the same turn; ", `used by ${some(users.length, "frame")}: `, link(users[0]),
      users.length > 1 ? [users.length > 2 ? " … " : " and ", link(users.at(-1))] : null, "."),
    el("table", { class: "facts" }, el("thead", {}, el("tr", {}, el("td"), heads.map((head) => el("th", { scope: "col" }, head)))), el("tbody", {}, rows)));
}

const drawValue = (found, used) => (found === undefined ? el("td", {}, "–")
  : el("td", { class: found === used ? "" : "differs" }, found === used ? String(found) : `${found} ≠`));

function drawDescriptors(words) {
  if (!words.descriptors?.length) return null;
  const heads = ["Place", "Kind", "Bytes", "Address", "Bits"];
  return el("section", {}, el("h3", {}, "Descriptors"),
    el("div", { class: "scrolls" }, el("table", { class: "facts" },
      el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, words.descriptors.map((one) => el("tr", {}, one.map((cell) => el("td", {}, String(cell)))))))));
}

/** With no frame chosen: what was found in the whole capture, and where to begin. */
function drawOverview() {
  const { table, columns } = data, first = new Map(), counts = new Map();
  columns.found.forEach((combination, index) => table.combinations[combination].forEach((kind) => {
    if (!first.has(kind)) first.set(kind, index);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }));
  const kinds = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const rows = kinds.map((kind) => el("tr", { class: table.kinds[kind].severity },
    el("td", {}, el("button", { type: "button", class: "link", onclick: () => choose(first.get(kind)) },
      `${table.kinds[kind].severity === "error" ? "✗" : "▲"} ${table.kinds[kind].code}`)),
    el("td", {}, some(counts.get(kind), "frame")), el("td", {}, `first in ${count(columns.number[first.get(kind)])}`)));
  return [
    el("header", {}, el("h2", {}, "What was found")),
    kinds.length ? el("table", { class: "facts" }, el("tbody", {}, rows)) : el("p", { class: "headline" }, "No finding in any frame."),
    el("section", {}, el("h3", {}, "Cards"), el("ul", {}, table.cards.map((card) =>
      el("li", {}, `${card.name}: ${[card.part, card.profile && `profile ${card.profile}`].filter(Boolean).join(", ") || "no record of its own"}`)))),
    el("p", { class: "quiet" }, "Choose a frame in the list or in the lanes to see its descriptors, its context, its bytes and why it left as it did."),
  ];
}
