// Filters a list as one types: <input data-search="selector of the rows">. Works after htmx swapped the list, too.
// Accents count for nothing: "chloe" finds Chloé.
const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();

document.addEventListener("input", (event) => {
  const selector = event.target.dataset?.search;
  if (!selector) return;
  const wanted = folded(event.target.value.trim());
  for (const row of document.querySelectorAll(selector)) {
    row.hidden = !folded(row.textContent).includes(wanted);
  }
});
