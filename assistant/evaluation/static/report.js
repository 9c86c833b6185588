"use strict";
(() => {
  const cases = [...document.querySelectorAll(".case")];
  const by = (id) => document.getElementById(id);
  const shown = by("shown");
  const filter = () => {
    const [tag, outcome, text] = [by("tag").value, by("outcome").value, by("text").value.trim().toLowerCase()];
    let count = 0;
    for (const one of cases) {
      const fits = (!tag || one.dataset.tags.split("\n").includes(tag))
        && (!outcome || one.dataset.outcome.split(" ").includes(outcome))
        && (!text || one.textContent.toLowerCase().includes(text));
      one.hidden = !fits;
      count += fits;
    }
    shown.textContent = `${count} of ${cases.length} cases`;
  };
  for (const id of ["tag", "outcome"]) by(id).addEventListener("change", filter);
  by("text").addEventListener("input", filter);
  const open = () => {
    const one = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (one && one.matches(".case")) { one.hidden = false; one.open = true; one.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  filter();
  open();
})();
