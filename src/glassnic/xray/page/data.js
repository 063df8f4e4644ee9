// What is in the capture? The table of all frames, and each frame's words and bytes, unpacked when the page opens.

const data = { table: null, columns: null, words: null, octets: null };

async function unpack(id) {
  const held = $(id);
  const text = atob(held.textContent);
  held.remove();
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < packed.length; i++) packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function readData() {
  const [table, words, octets] = await Promise.all(["table", "words", "octets"].map(unpack));
  data.table = JSON.parse(new TextDecoder().decode(table));
  Object.assign(data, { columns: data.table.columns, words, octets });
}

const part = (blob, ends, index) => blob.subarray(index ? ends[index - 1] : 0, ends[index]);
const octetsOf = (index) => part(data.octets, data.table.octets_end, index);
const wordsOf = (index) => JSON.parse(new TextDecoder().decode(part(data.words, data.table.words_end, index)));

const protocolOf = (index) => data.table.protocols[data.columns.protocol[index]];
const addressOf = (name, index) => data.table.addresses[data.columns[name][index]];
const codesOf = (index) => data.table.combinations[data.columns.found[index]].map((kind) => data.table.kinds[kind].code);
const headlineOf = (index) => data.table.headlines[data.columns.headline[index]];
const directionOf = (index) => (data.columns.sent[index] ? "sent" : "received");
const cardOf = (index) => data.table.cards[data.columns.card[index]];

/** What a search looks through: the line, every sentence, and the bytes as text. Made at the first search. */
const searched = { lines: [], octets: "" };

function searchText(index) {
  if (searched.lines[index] === undefined) {
    const words = wordsOf(index);
    const said = [protocolOf(index), addressOf("source", index), addressOf("destination", index), data.columns.info[index]];
    said.push(words.headline, ...(words.sentences ?? []), ...(words.points ?? []).map((point) => point.slice(0, 4).join(" ")));
    searched.lines[index] = said.join("\n").toLowerCase();
  }
  return searched.lines[index];
}

function payloadHolds(index, wanted) {
  searched.octets ||= new TextDecoder("latin1").decode(data.octets).toLowerCase();
  const ends = data.table.octets_end;
  const found = searched.octets.slice(index ? ends[index - 1] : 0, ends[index]);
  return found.includes(wanted);
}
