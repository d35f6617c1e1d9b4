"use strict";
/* How values are written: the same digits and units as on the terminal (quantities.py). */

const digits = (value) =>
  value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
const scaled = (units, gap) => (value) => {
  const [size, unit] = units.findLast(([least]) => Math.abs(value) >= least) ?? units[0];
  return digits(value / size) + gap + unit;
};
const THOUSANDS = [[1, ""], [1e3, "k"], [1e6, "M"]];
const QUANTITIES = {
  duration: scaled([[1, "µs"], [1e3, "ms"], [1e6, "s"]], " "),
  size: scaled([[1, "B"], [2 ** 10, "KiB"], [2 ** 20, "MiB"], [2 ** 30, "GiB"]], " "),
  rate: scaled(THOUSANDS, ""),
  count: (value) => value.toLocaleString("en", { maximumFractionDigits: 1 }),
  digits,
  ratio: (value) => digits(value) + "×",
  percentile: (value) => {
    const percent = 100 * (1 - 1 / value);
    const nines = Math.max(0, Math.ceil(Math.log10(value)) - 2);
    return percent.toFixed(Math.min(nines + (percent % 1 && !nines ? 1 : 0), 6)) + " %";
  },
};
/* A tick needs no more digits than it has: "1 ms", not "1.00 ms". */
const shortened = (text) => text.replace(/\.0+(?!\d)/, "").replace(/(\.\d*?)0+(?!\d)/, "$1");
