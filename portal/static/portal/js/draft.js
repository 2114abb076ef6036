// A form whose preview follows each change (htmx) asks no more for it once the form itself is on its way.
const leaving = new WeakSet();
document.addEventListener("submit", (event) => leaving.add(event.target));
document.addEventListener("htmx:beforeRequest", (event) => {
  if (leaving.has(event.detail.elt)) event.preventDefault();
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // the browser kept the page: start anew, with what is stored
});
