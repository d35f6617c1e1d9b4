"use strict";
/* Axes: their colours, their ticks, and how those are written. */

const MOST_TICKS = 8;

function dressScale(scale) {
  const written = QUANTITIES[scale.quantity];
  scale.border = { display: false };
  scale.grid = {
    color: colour("grid"),
    borderColor: colour("rule"),
    drawTicks: false,
    ...scale.grid,
  };
  const places = scale.ticks;
  scale.ticks = { color: colour("quiet"), padding: 6, maxRotation: 0 };
  if (scale.title) {
    scale.title = { display: true, color: colour("quiet"), ...scale.title };
  }
  if (scale.type === "category") {
    Object.assign(scale.ticks, { color: colour("ink"), autoSkip: false, callback: categoryName });
    scale.grid.display = false;
    return;
  }
  if (!written) return;
  if (scale.quantity === "count") scale.ticks.precision = 0;
  scale.ticks.callback = (value) => (value ? shortened(written(value)) : "0");
  if (scale.type === "logarithmic") {
    scale.afterBuildTicks = (built) => {
      const values = places ?? logarithmicTicks(built, scale.quantity);
      built.ticks = values.map((value) => ({ value }));
    };
  }
}

/* Names take at most 0.4 of the chart: the rest is for what it shows. A rank behind a name, set
   apart by figure spaces, is not cut. */
function categoryName(value) {
  const [, name, rank] = this.getLabelForValue(value).match(/^(.*?)( \u2007*[\d=]*)?$/s);
  this.ctx.font = chartFont();
  const room = 0.4 * this.chart.width - this.ctx.measureText(rank ?? "").width;
  return abridged(this.ctx, name, room) + (rank ?? "");
}

/* Round values of the quantity; of percentiles the median and each further nine. */
function logarithmicTicks({ min, max }, quantity) {
  const within = (value) => value >= 0.999 * min && value <= 1.001 * max;
  if (quantity === "percentile") return [2, 10, 100, 1e3, 1e4, 1e5, 1e6].filter(within);
  if (quantity === "size") return powers(2, min, max).filter(within);
  const decades = Math.log10(max / min);
  const steps = decades > 3.2 ? [1] : decades > 1.2 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  return powers(10, min, max).flatMap((power) => steps.map((step) => step * power)).filter(within);
}

/* Powers from below `least` to above `greatest`: not more than a chart can hold. */
function powers(base, least, greatest) {
  const first = Math.floor(Math.log(least) / Math.log(base));
  const last = Math.ceil(Math.log(greatest) / Math.log(base));
  const stride = Math.ceil((last - first) / MOST_TICKS) || 1;
  const count = Math.floor((last - first) / stride) + 1;
  return Array.from({ length: count }, (_, place) => base ** (first + place * stride));
}
