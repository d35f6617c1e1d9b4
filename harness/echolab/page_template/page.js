"use strict";
/* Draws the page's charts in its colours, and makes its choices, legends and tables work. What the
   configurations may say beyond Chart.js's own words is told in page.py, class Chart. */
(() => {
  const DASHES = [[], [7, 3], [2, 2], [10, 3, 2, 3], [5, 5], [1, 3], [12, 4], [4, 2, 1, 2]];
  const MARKERS = ["circle", "rect", "triangle", "rectRot", "cross", "star", "crossRot", "dash"];
  const MARKER_PATHS = {
    circle: "M11 6a3 3 0 1 0 6 0a3 3 0 1 0 -6 0",
    rect: "M11 3h6v6h-6z",
    triangle: "M14 2.5l3.5 6.5h-7z",
    rectRot: "M14 2l4 4l-4 4l-4 -4z",
    cross: "M14 2v8M10 6h8",
    star: "M14 2v8M10 6h8M11 3l6 6M17 3l-6 6",
    crossRot: "M11 3l6 6M17 3l-6 6",
    dash: "M11 6h6",
  };
  const NOTE_GAP = 7;
  const PAPER_WIDTH = 660; // CSS pixels: A4 or Letter without margins
  const PAPER_PIXELS = 2.5; // of a canvas, to a CSS pixel
  const isPrinting = () => "printing" in document.documentElement.dataset;

  /* Quantities: the same three digits as on the terminal (quantities.py) */
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

  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  /* Chart.js draws neither spreads nor texts at bars. */
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
      segment(low, middle - 3, low, middle + 3);
      segment(high, middle - 3, high, middle + 3);
      ctx.stroke();
    });
    ctx.restore();
  }

  function drawNotes(chart, set, meta) {
    const { ctx, chartArea } = chart;
    ctx.save();
    ctx.font = chartFont();
    ctx.textBaseline = "middle";
    set.notes.forEach((note, index) => {
      if (!note) return;
      const measured = set.data[index] !== null;
      const end = measured ? Math.max(set.data[index], set.ranges?.[index]?.[1] ?? 0) : null;
      const gap = NOTE_GAP + (meta.type === "bar" ? 0 : set.pointRadius);
      const x = (measured ? meta.vScale.getPixelForValue(end) : chartArea.left) + gap;
      ctx.fillStyle = colour(measured ? "ink" : "quiet");
      const row = meta.iScale.getPixelForValue(index);
      ctx.fillText(abridged(ctx, note, chart.width - x), x, row);
    });
    ctx.restore();
  }

  function abridged(ctx, text, width) {
    if (ctx.measureText(text).width <= width) return text;
    let length = text.length;
    while (length && ctx.measureText(text.slice(0, length) + "…").width > width) length -= 1;
    return text.slice(0, length) + "…";
  }

  /* From a configuration of page.py to one that Chart.js takes */
  function dressed({ configuration }, width) {
    const { type, data, options = {} } = structuredClone(configuration);
    data.datasets.forEach((set) => dressDataset(set, type));
    for (const scale of Object.values(options.scales ?? {})) dressScale(scale);
    const values = options.scales?.[options.indexAxis === "y" ? "x" : "y"];
    const ends = data.datasets.flatMap((set) => set.ranges ?? []).map((range) => range?.[1] ?? 0);
    if (values && ends.length) values.suggestedMax = Math.max(...ends);
    return {
      type,
      data,
      plugins: [annotations],
      options: {
        ...options,
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        devicePixelRatio: isPrinting() ? PAPER_PIXELS : window.devicePixelRatio,
        interaction: { mode: "nearest", intersect: false, ...options.interaction },
        layout: { padding: { right: noteRoom(data.datasets, width), top: 6 } },
        plugins: {
          ...options.plugins,
          legend: { display: false },
          tooltip: tooltip(options),
        },
      },
    };
  }

  function dressDataset(set, chartType) {
    const context = set.series === "context";
    const number = Number(set.series) || 0;
    const main = colour(typeof set.series === "string" ? set.series : `series-${number % 8}`);
    const line = (set.type ?? chartType) !== "bar";
    Object.assign(set, { borderColor: main, backgroundColor: main });
    if (!line) {
      Object.assign(set, { borderWidth: 0, borderRadius: 2, maxBarThickness: 16 });
      if (set.outlined) Object.assign(set, { borderWidth: 1, borderColor: colour("paper") });
      return;
    }
    const marker = MARKERS[number % MARKERS.length];
    const stroked = ["cross", "crossRot", "star", "dash"].includes(marker);
    Object.assign(set, {
      borderWidth: context ? 1 : 2,
      borderDash: context ? [] : DASHES[number % DASHES.length],
      borderJoinStyle: "round",
      pointStyle: marker,
      pointRadius: context ? 0 : set.pointRadius ?? 3,
      pointBorderWidth: stroked ? 2 : 1,
      pointHoverRadius: context ? 0 : 5,
      pointHitRadius: context ? 0 : 8,
      // Later ones on top: where curves coincide, the first one shows through their dashes.
      order: context ? 1 : -number,
      clip: 8, // a marker at the edge is whole
    });
  }

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
    scale.ticks.callback = (value) => shortened(written(value));
    if (scale.type === "logarithmic") {
      scale.afterBuildTicks = (built) => {
        const values = places ?? logarithmicTicks(built, scale.quantity);
        built.ticks = values.map((value) => ({ value }));
      };
    }
  }

  const chartFont = () => `${Chart.defaults.font.size}px ${Chart.defaults.font.family}`;

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
    const base = quantity === "size" ? 2 : 10;
    const decades = Math.log10(max / min);
    let steps = decades > 3.2 ? [1] : decades > 1.2 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
    if (quantity === "percentile") return [2, 10, 100, 1e3, 1e4, 1e5, 1e6].filter((x) => x <= max);
    if (base === 2) steps = [1];
    const ticks = [];
    const first = Math.floor(Math.log(min) / Math.log(base));
    const last = Math.ceil(Math.log(max) / Math.log(base));
    const stride = base === 2 ? Math.max(1, Math.ceil((last - first) / 8)) : 1;
    for (let power = first; power <= last; power += stride) {
      for (const step of steps) {
        const value = step * base ** power;
        if (value >= min * 0.999 && value <= max * 1.001) ticks.push(value);
      }
    }
    return ticks;
  }

  /* What notes need right of the axes: those of short bars have room beside their bars. */
  function noteRoom(datasets, width) {
    const { ctx } = noteRoom;
    ctx.font = chartFont();
    const ends = datasets.flatMap((set) => set.notes ? set.data.map((value, index) => ({
      end: Math.max(value, set.ranges?.[index]?.[1] ?? 0),
      room: value === null ? 0 : ctx.measureText(set.notes[index]).width + 2 * NOTE_GAP,
    })) : []);
    const greatest = Math.max(...ends.map(({ end }) => end));
    const beside = ends.map(({ end, room }) => room - (1 - end / greatest) * 0.4 * width);
    return Math.max(8, ...beside);
  }

  function tooltip(options) {
    const written = (axis, value) =>
      (QUANTITIES[options.scales?.[axis]?.quantity] ?? String)(value);
    const valueAxis = options.indexAxis === "y" ? "x" : "y";
    const value = (item) => {
      const given = item.dataset.data[item.dataIndex];
      const raw = given?.[valueAxis] ?? given;
      return Array.isArray(raw) ? raw.map((end) => written(valueAxis, end)).join("–")
        : written(valueAxis, item.parsed[valueAxis]);
    };
    return {
      filter: (item) => item.dataset.series !== "context",
      backgroundColor: colour("ink"),
      titleColor: colour("paper"),
      bodyColor: colour("paper"),
      padding: 10,
      cornerRadius: 4,
      boxPadding: 4,
      usePointStyle: true,
      callbacks: {
        title: (items) => {
          if (!items.length) return "";
          const index = valueAxis === "x" ? "y" : "x";
          const quantity = options.scales?.[index]?.quantity;
          return quantity ? QUANTITIES[quantity](items[0].parsed[index]) : items[0].label;
        },
        label: (item) => {
          const range = item.dataset.ranges?.[item.dataIndex];
          const spread = range && range[0] !== range[1]
            ? ` (${range.map((end) => written(valueAxis, end)).join("–")})` : "";
          return `${item.dataset.label ?? ""}: ${value(item)}${spread}`;
        },
      },
    };
  }

  /* Legends: a button each, which hides and shows a series */
  function legend(chart, holder) {
    const shown = chart.data.datasets
      .map((set, index) => ({ set, index }))
      .filter(({ set }) => set.series !== "context" && set.label);
    if (shown.length < 2 && !chart.data.datasets.some((set) => set.series === "context")) return;
    const list = document.createElement("ul");
    list.className = "legend";
    list.setAttribute("aria-label", "Curves: a button hides or shows one");
    for (const { set, index } of shown) {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", "true");
      button.append(swatch(chart, set), set.label);
      button.addEventListener("click", () => {
        const visible = !chart.isDatasetVisible(index);
        chart.setDatasetVisibility(index, visible);
        button.setAttribute("aria-pressed", String(visible));
        chart.update();
      });
      const item = document.createElement("li");
      item.append(button);
      list.append(item);
    }
    holder.before(list);
  }

  function swatch(chart, set) {
    const line = (set.type ?? chart.config.type) !== "bar";
    const number = Number(set.series) || 0;
    const picture = svg("svg", { viewBox: "0 0 28 12", "aria-hidden": "true" });
    const stroke = `var(--series-${number % 8})`;
    if (!line) {
      picture.append(svg("rect", { x: 8, y: 0, width: 12, height: 12, rx: 2, fill: stroke }));
      return picture;
    }
    const dash = DASHES[number % DASHES.length].join(" ");
    picture.append(
      svg("path", { d: "M1 6h26", stroke, "stroke-width": 2, "stroke-dasharray": dash }),
      svg("path", { d: MARKER_PATHS[MARKERS[number % 8]], stroke, fill: stroke, "stroke-width": 1.5 }),
    );
    return picture;
  }

  function svg(name, attributes) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  /* Choices: of each, one alternative is in sight, and those of a name go together */
  function choose(name) {
    for (const choice of document.querySelectorAll(".choice")) {
      const alternatives = [...choice.querySelectorAll(":scope > .alternative")];
      if (!alternatives.some((one) => one.dataset.name === name)) continue;
      for (const one of alternatives) one.classList.toggle("off", one.dataset.name !== name);
      for (const radio of choice.querySelectorAll(":scope > fieldset input")) {
        radio.checked = radio.value === name;
      }
    }
  }

  function prepareChoices() {
    for (const choice of document.querySelectorAll(".choice")) {
      const alternatives = [...choice.querySelectorAll(":scope > .alternative")];
      const names = alternatives.map((one) => one.dataset.name);
      if (names.length < 2) continue;
      choice.classList.add("choosable");
      choice.querySelector(":scope > fieldset").hidden = false;
      choice.addEventListener("change", ({ target }) => {
        keepInPlace(choice, () => choose(target.value));
        drawInSight();
      });
      choose(names[0]);
    }
  }

  /* What lies above may change its height, too: the chosen button stays where it was. */
  function keepInPlace(element, change) {
    const before = element.getBoundingClientRect().top;
    change();
    window.scrollBy({ top: element.getBoundingClientRect().top - before, behavior: "instant" });
  }

  /* Tables: a click sorts by a column, another one turns it round */
  function sort(table, column, heading) {
    const descending = heading.getAttribute("aria-sort") === "ascending";
    const body = table.tBodies[0];
    const key = (row) => {
      const cell = row.cells[column];
      return cell.dataset.order === undefined ? cell.textContent : Number(cell.dataset.order);
    };
    const sign = descending ? -1 : 1;
    const rows = [...body.rows].sort((one, other) => compare(key(one), key(other), sign));
    body.append(...rows);
    for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  }

  /* Numbers come first whichever way round: what was not measured is at the end. */
  function compare(one, other, sign) {
    if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
    return sign * (typeof one === "number" ? one - other : one.localeCompare(other, "en"));
  }

  function prepareTables() {
    for (const table of document.querySelectorAll("table.sortable")) {
      [...table.tHead.rows[0].cells].forEach((heading, column) => {
        heading.querySelector("button").addEventListener("click", () => sort(table, column, heading));
      });
    }
  }

  /* Charts: those in sight are drawn at once, the others when chosen, or while nothing else is to
     be done, or for paper */
  const descriptions = JSON.parse(document.getElementById("charts").textContent);
  const charts = [...document.querySelectorAll("[data-chart]")].map((holder) => {
    const description = descriptions[Number(holder.dataset.chart)];
    holder.style.height = `${description.height}px`;
    return { holder, description, chart: null };
  });
  const isInSight = ({ holder }) => !holder.closest(".alternative.off");

  function draw(one) {
    if (one.chart) return;
    const { holder, description } = one;
    const canvas = holder.querySelector("canvas");
    one.chart = new Chart(canvas, dressed(description, holder.clientWidth));
    legend(one.chart, holder);
  }

  function drawInSight() {
    charts.filter(isInSight).forEach(draw);
  }

  function drawWhenIdle() {
    const next = charts.find(({ chart }) => !chart);
    if (!next) return;
    draw(next);
    soon(drawWhenIdle);
  }

  const soon = window.requestIdleCallback ?? ((task) => setTimeout(task, 20));

  function recolour() {
    for (const { chart, description, holder } of charts.filter(({ chart }) => chart)) {
      const hidden = chart.data.datasets.map((_, index) => !chart.isDatasetVisible(index));
      const { data, options } = dressed(description, holder.clientWidth);
      chart.data = data;
      chart.options = options;
      hidden.forEach((isHidden, index) => chart.setDatasetVisibility(index, !isHidden));
      chart.update("none");
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

  noteRoom.ctx = document.createElement("canvas").getContext("2d");
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 12;
  prepareChoices();
  prepareTables();
  drawInSight();
  soon(drawWhenIdle);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
  window.addEventListener("beforeprint", beforePrint);
  window.addEventListener("afterprint", afterPrint);
  document.documentElement.dataset.ready = "";
})();
