"use strict";
/* From a chart's configuration (page.py, class Chart) to one that Chart.js takes. */

const PAPER_PIXELS = 2.5; // of a canvas, to a CSS pixel
const isPrinting = () => "printing" in document.documentElement.dataset;

function dressed(configuration, width) {
  const { type, data, options = {} } = structuredClone(configuration);
  const indexAxis = options.indexAxis ?? "x";
  const valueScale = options.scales?.[indexAxis === "y" ? "x" : "y"];
  data.datasets.forEach((set) => dressDataset(set, type));
  Object.values(options.scales ?? {}).forEach(dressScale);
  if (valueScale) makeRoomForRanges(valueScale, data.datasets);
  Object.assign(options, {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    devicePixelRatio: isPrinting() ? PAPER_PIXELS : window.devicePixelRatio,
    interaction: { mode: "nearest", axis: indexAxis, intersect: false, ...options.interaction },
    layout: { padding: { right: noteRoom(data.datasets, width), top: 6 } },
    plugins: { ...options.plugins, legend: { display: false }, tooltip: tooltip(options) },
  });
  return { type, data, options, plugins: [annotations] };
}

function makeRoomForRanges(scale, datasets) {
  const ends = datasets.flatMap((set) => set.ranges ?? []).map((range) => range?.[1] ?? 0);
  if (ends.length) scale.suggestedMax = Math.max(...ends);
}

function tooltip(options) {
  const [indexAxis, valueAxis] = options.indexAxis === "y" ? ["y", "x"] : ["x", "y"];
  const written = (axis) => QUANTITIES[options.scales?.[axis]?.quantity] ?? String;
  const span = (ends) => ends.map(written(valueAxis)).join("–");
  const value = ({ dataset, dataIndex, parsed }) => {
    const given = dataset.data[dataIndex];
    const raw = given?.[valueAxis] ?? given; // floating bars have two ends
    return Array.isArray(raw) ? span(raw) : written(valueAxis)(parsed[valueAxis]);
  };
  const spread = ({ dataset, dataIndex }) => {
    const range = dataset.ranges?.[dataIndex];
    return range && range[0] !== range[1] ? ` (${span(range)})` : "";
  };
  const place = ([item]) =>
    options.scales?.[indexAxis]?.quantity ? written(indexAxis)(item.parsed[indexAxis]) : item.label;
  return {
    filter: ({ dataset }) => dataset.series !== "context",
    backgroundColor: colour("ink"),
    titleColor: colour("paper"),
    bodyColor: colour("paper"),
    padding: 10,
    cornerRadius: 4,
    boxPadding: 4,
    usePointStyle: true,
    callbacks: {
      title: (items) => (items.length ? place(items) : ""),
      label: (item) => (item.dataset.label ? `${item.dataset.label}: ` : "") + value(item)
        + spread(item),
    },
  };
}
