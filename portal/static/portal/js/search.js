// Filters a list as one types: <input data-search="selector of the rows">. Works after htmx swapped the list, too.
document.addEventListener("input", (event) => {
  const selector = event.target.dataset?.search;
  if (!selector) return;
  const wanted = event.target.value.trim().toLocaleLowerCase();
  for (const row of document.querySelectorAll(selector)) {
    row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted);
  }
});
