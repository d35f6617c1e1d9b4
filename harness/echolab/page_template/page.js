"use strict";
/* The page: its charts, drawn when they are needed, in the colours of screen or paper. */

const PAPER_WIDTH = 660; // CSS pixels: A4 or Letter without margins
const descriptions = JSON.parse(document.getElementById("charts").textContent);
const charts = [...document.querySelectorAll("[data-chart]")].map((holder) => {
  const description = descriptions[Number(holder.dataset.chart)];
  holder.style.height = `${description.height}px`;
  return { holder, description, chart: null };
});

function draw(one) {
  if (one.chart) return;
  const { holder, description } = one;
  const canvas = holder.querySelector("canvas");
  one.chart = new Chart(canvas, dressed(description.configuration, holder.clientWidth));
  addLegend(one.chart, holder);
}

function drawInSight() {
  charts.filter(({ holder }) => !holder.closest(".alternative.off")).forEach(draw);
}

/* The others, one at a time, while nothing else is to be done */
function drawRest() {
  const next = charts.find(({ chart }) => !chart);
  if (!next) return;
  draw(next);
  whenIdle(drawRest);
}

function whenIdle(task) {
  if (window.requestIdleCallback) requestIdleCallback(task);
  else setTimeout(task, 20);
}

function recolour() {
  for (const { chart, description, holder } of charts.filter(({ chart }) => chart)) {
    const visible = chart.data.datasets.map((_, index) => chart.isDatasetVisible(index));
    const { data, options } = dressed(description.configuration, holder.clientWidth);
    Object.assign(chart, { data, options });
    visible.forEach((isVisible, index) => chart.setDatasetVisibility(index, isVisible));
    chart.update();
  }
}

/* Paper is white, narrower than a window, and finer than a screen. */
function beforePrint() {
  document.documentElement.dataset.printing = "";
  charts.forEach(draw);
  recolour();
  for (const { chart, description, holder } of charts) {
    chart.resize(Math.min(holder.clientWidth, PAPER_WIDTH), description.height);
  }
}

function afterPrint() {
  delete document.documentElement.dataset.printing;
  recolour();
  for (const { chart } of charts) chart.resize();
}

Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
prepareChoices(drawInSight);
prepareTables();
drawInSight();
whenIdle(drawRest);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
window.addEventListener("beforeprint", beforePrint);
window.addEventListener("afterprint", afterPrint);
document.documentElement.dataset.ready = "";
