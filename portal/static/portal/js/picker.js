// What the picker does beyond links and forms: brings the day's times into view, and answers Escape.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "picker") return;
  const phone = matchMedia("(width < 40rem)").matches;
  if (phone && event.target.dataset.step === "time") {
    event.target.scrollIntoView({ block: "start" });
    document.getElementById("day-title")?.focus({ preventScroll: true });
  }
});

// a second tap on a chosen time, or Escape, takes the choice back
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const chosen = document.querySelector(".starts input:checked");
  if (chosen) chosen.checked = false;
});
