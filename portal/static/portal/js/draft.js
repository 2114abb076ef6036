// A form whose preview follows each change (htmx) asks no more for it once the form itself is on its way.
let leaving = new WeakSet();
document.addEventListener("submit", (event) => leaving.add(event.target));
document.addEventListener("htmx:beforeRequest", (event) => {
  if (leaving.has(event.detail.elt)) event.preventDefault();
});
addEventListener("pageshow", () => {
  leaving = new WeakSet(); // the browser may have kept the page as it was: it is not leaving any more
});
