"use strict";
/* Choices: of each, one alternative is in sight, and those of a name go together. */

const alternativesOf = (choice) => [...choice.querySelectorAll(":scope > .alternative")];

function prepareChoices(whenChosen) {
  for (const choice of document.querySelectorAll(".choice")) {
    const [first, ...others] = alternativesOf(choice);
    if (!others.length) continue;
    choice.classList.add("choosable");
    choice.querySelector(":scope > fieldset").hidden = false;
    choice.addEventListener("change", ({ target }) => {
      keepInPlace(choice, () => choose(target.value));
      whenChosen();
    });
    choose(first.dataset.name);
  }
}

function choose(name) {
  for (const choice of document.querySelectorAll(".choice")) {
    const alternatives = alternativesOf(choice);
    if (!alternatives.some((one) => one.dataset.name === name)) continue;
    for (const one of alternatives) one.classList.toggle("off", one.dataset.name !== name);
    for (const radio of choice.querySelectorAll(":scope > fieldset input")) {
      radio.checked = radio.value === name;
    }
  }
}

/* What lies above may change its height, too: the chosen button stays where it was. */
function keepInPlace(element, change) {
  const before = element.getBoundingClientRect().top;
  change();
  const after = element.getBoundingClientRect().top;
  window.scrollBy({ top: after - before, behavior: "instant" });
}
