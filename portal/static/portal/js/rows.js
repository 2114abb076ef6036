// A list by keyboard: j and k (or the arrows, once a row has the focus) move, Enter opens, / goes to the search.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) {
    if (event.key === "Escape" && event.target.id === "search") event.target.blur();
    return;
  }
  if (event.key === "/") {
    document.getElementById("search")?.focus();
    event.preventDefault();
    return;
  }
  const rows = [...document.querySelectorAll(".sheet-link a")];
  const at = rows.indexOf(document.activeElement);
  const down = event.key === "j" || (event.key === "ArrowDown" && at >= 0);
  const up = event.key === "k" || (event.key === "ArrowUp" && at >= 0);
  if (!rows.length || !(down || up)) return;
  const next = at < 0 ? 0 : Math.min(Math.max(at + (down ? 1 : -1), 0), rows.length - 1);
  rows[next].focus();
  rows[next].scrollIntoView({ block: "nearest" });
  event.preventDefault();
});
