"use strict";
/* Tables: a click sorts by a column, another one turns it round; of long ones words choose rows. */

const LONG = 30; // rows

function prepareTables() {
  for (const table of document.querySelectorAll("table.sortable")) {
    for (const heading of table.tHead.rows[0].cells) {
      const button = heading.querySelector("button");
      button.addEventListener("click", () => sort(table, heading));
    }
    if (table.tBodies[0].rows.length > LONG) addFilter(table);
  }
}

function sort(table, heading) {
  const descending = heading.getAttribute("aria-sort") === "ascending";
  const [body] = table.tBodies;
  const rows = [...body.rows].sort((one, other) => compare(
    sortKey(one.cells[heading.cellIndex]),
    sortKey(other.cells[heading.cellIndex]),
    descending ? -1 : 1,
  ));
  body.append(...rows);
  for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
}

const sortKey = ({ dataset, textContent }) =>
  dataset.order === undefined ? textContent : Number(dataset.order);

/* Numbers come first whichever way round: what was not measured is at the end. */
function compare(one, other, sign) {
  if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
  return sign * (typeof one === "number" ? one - other : one.localeCompare(other, "en"));
}

function addFilter(table) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  const found = document.createElement("output");
  input.type = "search";
  label.className = "filter";
  label.append("Only rows with the words ", input, found);
  table.parentElement.before(label);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    const rows = [...table.tBodies[0].rows];
    for (const row of rows) {
      const cells = [...row.cells].map((cell) => cell.textContent.toLowerCase());
      row.hidden = !words.every((word) => cells.some((text) => text.includes(word)));
    }
    found.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  });
}
