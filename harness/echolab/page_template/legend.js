"use strict";
/* Legends: a button for each series, which hides and shows it. */

function addLegend(chart, holder) {
  const sets = chart.data.datasets.map((set, index) => ({ set, index }));
  const named = sets.filter(({ set }) => set.series !== "context" && set.label);
  if (named.length === 1 && sets.length === 1) return; // the chart's title names it
  const list = document.createElement("ul");
  list.className = "legend";
  list.setAttribute("aria-label", "Series: a button hides or shows one");
  for (const { set, index } of named) {
    const item = document.createElement("li");
    item.append(legendButton(chart, set, index));
    list.append(item);
  }
  holder.before(list);
}

function legendButton(chart, set, index) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-pressed", "true");
  button.append(swatch(chart, set), set.label);
  button.addEventListener("click", () => {
    const visible = !chart.isDatasetVisible(index);
    chart.setDatasetVisibility(index, visible);
    chart.update();
    button.setAttribute("aria-pressed", String(visible));
  });
  return button;
}

function swatch(chart, set) {
  const { name, dash, marker } = styleOf(set);
  const stroke = `var(--${name})`;
  const picture = svg("svg", { viewBox: "0 0 28 12", "aria-hidden": "true" });
  if ((set.type ?? chart.config.type) === "bar") {
    picture.append(svg("rect", { x: 8, width: 12, height: 12, rx: 2, fill: stroke }));
    return picture;
  }
  const line = { d: "M1 6h26", stroke, "stroke-width": 2, "stroke-dasharray": dash.join(" ") };
  const point = { d: MARKERS[marker], stroke, fill: stroke, "stroke-width": 1.5 };
  picture.append(svg("path", line), svg("path", point));
  return picture;
}

function svg(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
