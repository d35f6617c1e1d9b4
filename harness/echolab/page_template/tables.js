"use strict";
/* Tables: a click sorts by a column, another one turns it round. */

function prepareTables() {
  for (const table of document.querySelectorAll("table.sortable")) {
    for (const heading of table.tHead.rows[0].cells) {
      const button = heading.querySelector("button");
      button.addEventListener("click", () => sort(table, heading));
    }
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
