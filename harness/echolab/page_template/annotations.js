"use strict";
/* What Chart.js does not draw: spreads, and texts at bars. */

const NOTE_GAP = 7;
const WHISKER = 3; // half its width
const chartFont = () => `${Chart.defaults.font.size}px ${Chart.defaults.font.family}`;

const annotations = {
  id: "annotations",
  afterDatasetsDraw(chart) {
    chart.data.datasets.forEach((set, index) => {
      if (chart.isDatasetVisible(index)) {
        if (set.ranges) drawRanges(chart, set, chart.getDatasetMeta(index));
        if (set.notes) drawNotes(chart, set, chart.getDatasetMeta(index));
      }
    });
  },
};

function drawRanges(chart, set, meta) {
  const { ctx } = chart;
  const lying = chart.options.indexAxis === "y";
  ctx.save();
  ctx.strokeStyle = colour("ink");
  ctx.lineWidth = 1.25;
  set.ranges.forEach((range, index) => {
    if (!range || range[0] === range[1]) return;
    const [low, high] = range.map((value) => meta.vScale.getPixelForValue(value));
    const middle = lying ? meta.data[index].y : meta.data[index].x;
    const segment = (a, b, c, d) => {
      ctx.moveTo(...(lying ? [a, b] : [b, a]));
      ctx.lineTo(...(lying ? [c, d] : [d, c]));
    };
    ctx.beginPath();
    segment(low, middle, high, middle);
    segment(low, middle - WHISKER, low, middle + WHISKER);
    segment(high, middle - WHISKER, high, middle + WHISKER);
    ctx.stroke();
  });
  ctx.restore();
}

function drawNotes(chart, set, meta) {
  const { ctx, chartArea } = chart;
  const gap = NOTE_GAP + (meta.type === "bar" ? 0 : set.pointRadius);
  ctx.save();
  ctx.font = chartFont();
  ctx.textBaseline = "middle";
  set.notes.forEach((note, index) => {
    if (!note) return;
    const measured = set.data[index] !== null;
    const end = measured ? meta.vScale.getPixelForValue(endOf(set, index)) : chartArea.left;
    const x = end + gap;
    ctx.fillStyle = colour(measured ? "ink" : "quiet");
    const row = meta.iScale.getPixelForValue(index);
    ctx.fillText(abridged(ctx, note, chart.width - x), x, row);
  });
  ctx.restore();
}

/* Where a bar and its range end */
const endOf = (set, index) => Math.max(set.data[index], set.ranges?.[index]?.[1] ?? 0);

function abridged(ctx, text, width) {
  if (ctx.measureText(text).width <= width) return text;
  let length = text.length;
  while (length && ctx.measureText(text.slice(0, length) + "…").width > width) length -= 1;
  return text.slice(0, length) + "…";
}

/* What notes need right of the axes: those of short bars have room beside their bars. */
function noteRoom(datasets, width) {
  const ctx = document.createElement("canvas").getContext("2d");
  ctx.font = chartFont();
  const ends = datasets.flatMap((set) => set.notes ? set.data.map((value, index) => ({
    end: endOf(set, index),
    room: value === null ? 0 : ctx.measureText(set.notes[index]).width + 2 * NOTE_GAP,
  })) : []);
  const greatest = Math.max(...ends.map(({ end }) => end));
  const beside = ends.map(({ end, room }) => room - (1 - end / greatest) * 0.4 * width);
  return Math.max(8, ...beside);
}
