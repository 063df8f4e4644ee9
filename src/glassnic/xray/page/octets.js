// What is each byte, and who put it there? A hex view in which letters and lines say the same as colours.

const DATA_LETTER = "d";
const SUM_SIGNS = ["solid", "dotted"];

/** The letter of each byte, from the runs `[begin, letter]`. */
function lettersOf(marks, length) {
  const letters = new Array(length).fill(DATA_LETTER);
  marks.forEach(([begin, letter], nth) => letters.fill(letter, begin, marks[nth + 1]?.[0] ?? length));
  return letters;
}

/** Which rows are shown: where all is plain data, also above and below, a gap stands instead. */
function shownRows(letters, width, whole) {
  const rows = [];
  for (let begin = 0; begin < letters.length; begin += width) rows.push(begin);
  if (whole || rows.length <= 12) return rows;
  const dull = (begin) => letters.slice(begin, begin + width).every((letter) => letter === DATA_LETTER);
  return rows.filter((begin, nth) =>
    nth < 2 || nth === rows.length - 1 || ![begin - width, begin, begin + width].every((one) => one >= letters.length || dull(one)));
}

function drawOctets(index, words, whole = false) {
  const octets = octetsOf(index), width = matchMedia("(max-width: 520px)").matches ? 8 : 16;
  const letters = lettersOf(words.marks ?? [], octets.length), sums = words.sums ?? [];
  const lines = [];
  let expected = 0;
  for (const begin of shownRows(letters, width, whole)) {
    if (begin !== expected) lines.push(el("p", { class: "gap" }, `⋯ ${some(begin - expected, "byte")}`));
    lines.push(drawOctetRow(begin, octets.subarray(begin, begin + width), letters, sums, width));
    expected = begin + width;
  }
  const shown = el("div", { class: "octets", role: "img", "aria-label": `${some(octets.length, "byte")}; the table below says what they are` }, lines);
  const all = lines.some((line) => line.className === "gap")
    ? el("button", { type: "button", onclick: (event) => {
        event.target.closest(".bytes").replaceWith(drawOctets(index, words, true));
      } }, "show every byte") : null;
  const cut = data.columns.length[index] - octets.length;
  return el("div", { class: "bytes" }, shown, cut ? el("p", { class: "gap" }, `${some(cut, "more byte")} not in this page`) : null,
    all, words.marks?.length ? drawLegend(letters, sums, octets.length) : null);
}

function drawOctetRow(begin, octets, letters, sums, width) {
  const row = el("div", { class: "line" }, el("span", { class: "offset" }, String(begin)));
  const text = el("span", { class: "ascii" });
  octets.forEach((octet, nth) => {
    const at = begin + nth, letter = letters[at];
    const over = sums.map((sum, number) => (at >= sum[1] && at <= sum[2] ? `s${number + 1}` : "")).join(" ");
    const told = letter === DATA_LETTER ? "" : letter;
    row.append(el("span", { class: `octet m-${letter} ${over}`, "data-at": at, title: sayOctet(at, octet, letter, sums) },
      octet.toString(16).padStart(2, "0"), el("i", {}, told)));
    text.append(el("span", { class: `m-${letter}` }, octet >= 32 && octet < 127 ? String.fromCharCode(octet) : "·"));
  });
  for (let nth = octets.length; nth < width; nth++) row.append(el("span", { class: "octet" }));
  row.append(text);
  return row;
}

function meaning(letter) {
  return data.table.legend.find(([one]) => one === letter)?.[1] ?? "";
}

function sayOctet(at, octet, letter, sums) {
  const over = sums.filter((sum) => at >= sum[1] && at <= sum[2]).map((sum) => `; summed for the ${sum[0]} checksum`);
  return `byte ${at} = 0x${octet.toString(16).padStart(2, "0")}: ${meaning(letter)}${over.join("")}`;
}

/** What the letters and lines mean, and where they are. */
function drawLegend(letters, sums, length) {
  const rows = data.table.legend.filter(([letter]) => letters.includes(letter)).map(([letter, meant]) =>
    el("tr", {}, el("th", { scope: "row" }, el("span", { class: `octet m-${letter}` }, letter === DATA_LETTER ? "00" : letter)),
      el("td", {}, sentence(meant)), el("td", { class: "where" }, placesOf(letters, letter))));
  sums.forEach(([of, begin, end, place], nth) => rows.push(
    el("tr", {}, el("th", { scope: "row" }, el("span", { class: `sign ${SUM_SIGNS[nth] ?? "solid"}` })),
      el("td", {}, `summed for the ${of} checksum, stored at ${place}`), el("td", { class: "where" }, run(begin, Math.min(end, length - 1))))));
  return el("table", { class: "legend" }, el("caption", { class: "unseen" }, "What the bytes are"), el("tbody", {}, rows));
}

/** "0–13, 40–41" */
function placesOf(letters, wanted) {
  const runs = [];
  letters.forEach((letter, at) => {
    if (letter !== wanted) return;
    if (runs.length && runs.at(-1)[1] === at - 1) runs.at(-1)[1] = at;
    else runs.push([at, at]);
  });
  const told = runs.slice(0, 6).map(([first, last]) => run(first, last)).join(", ");
  return runs.length > 6 ? `${told}, …` : told;
}
