"use strict";
/* Colours come from page.css; dashes and markers tell series apart without them. */

const COLOURS = 8; // --series-0 and so on
const DASHES = [[], [7, 3], [2, 2], [10, 3, 2, 3], [5, 5], [1, 3], [12, 4], [4, 2, 1, 2]];
/* Chart.js's names of markers, and how a legend draws them (SVG paths around 14, 6) */
const MARKERS = {
  circle: "M11 6a3 3 0 1 0 6 0a3 3 0 1 0 -6 0",
  rect: "M11 3h6v6h-6z",
  triangle: "M14 2.5l3.5 6.5h-7z",
  rectRot: "M14 2l4 4l-4 4l-4 -4z",
  cross: "M14 2v8M10 6h8",
  star: "M14 2v8M10 6h8M11 3l6 6M17 3l-6 6",
  crossRot: "M11 3l6 6M17 3l-6 6",
  dash: "M11 6h6",
};
const STROKED = ["cross", "star", "crossRot", "dash"]; // markers without an area

const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function styleOf({ series = 0 }) {
  if (typeof series === "string") return { name: series, number: 0, dash: [], marker: "circle" };
  const names = Object.keys(MARKERS);
  return {
    name: `series-${series % COLOURS}`,
    number: series,
    dash: DASHES[series % DASHES.length],
    marker: names[series % names.length],
  };
}

function dressDataset(set, chartType) {
  const main = colour(styleOf(set).name);
  Object.assign(set, { borderColor: main, backgroundColor: main });
  if ((set.type ?? chartType) === "bar") dressBars(set);
  else if (set.series === "context") dressContext(set);
  else dressCurve(set);
}

function dressBars(set) {
  Object.assign(set, { borderWidth: 0, borderRadius: 2, maxBarThickness: 16 });
  if (set.outlined) Object.assign(set, { borderWidth: 1, borderColor: colour("paper") });
}

function dressContext(set) {
  Object.assign(set, { borderWidth: 1, pointRadius: 0, pointHoverRadius: 0, order: 1 });
}

function dressCurve(set) {
  const { number, dash, marker } = styleOf(set);
  Object.assign(set, {
    borderWidth: 2,
    borderDash: dash,
    borderJoinStyle: "round",
    pointStyle: marker,
    pointRadius: set.pointRadius ?? 3,
    pointBorderWidth: STROKED.includes(marker) ? 2 : 1,
    pointHoverRadius: 5,
    order: -number, // later ones on top: where curves coincide, the first shows through dashes
    clip: 8, // a marker at the edge is whole
  });
}
