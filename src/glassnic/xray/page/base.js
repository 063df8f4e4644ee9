"use strict";
// How is the page put together? Elements whose text is always text, never markup; and how numbers read.

/** An element. `facts`: attributes, "on…" listeners, `class`; a child that is a string becomes text. */
function el(name, facts = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(facts)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

const $ = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat("en"), short = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const count = (number) => whole.format(number);
const some = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** Seconds with nine decimals, as analysers show times. */
const seconds = (ns) => (ns / 1e9).toFixed(9);

/** A span of time in its natural unit. */
function span(ns) {
  const [unit, name] = Math.abs(ns) < 1e3 ? [1, "ns"] : Math.abs(ns) < 1e6 ? [1e3, "µs"] : Math.abs(ns) < 1e9 ? [1e6, "ms"] : [1e9, "s"];
  return `${short.format(ns / unit)} ${name}`;
}

/** "3", "3–5": the first and last of a run. */
const run = (first, last) => (first === last ? `${first}` : `${first}–${last}`);

/** A sentence whose sections of the manual stand apart. */
function sentence(text) {
  return text.split(/(\(§[\d.]+\))/).map((part) =>
    /^\(§/.test(part) ? el("span", { class: "section", title: "section of Intel's manual" }, part.slice(1, -1)) : part);
}
