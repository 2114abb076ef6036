// Ticks a hold's countdown. The deadline is the server's; the two clocks are compared once, when the page loads.
const held = document.getElementById("held");
if (held) {
  const ahead = Date.now() - Date.parse(held.dataset.now);
  const deadline = Date.parse(held.dataset.deadline) + ahead;
  const left = held.querySelector("[data-left]");
  const said = held.querySelector("[data-said]");
  const still = held.querySelector(".still");
  const ended = held.querySelector(".ended");
  let timer = 0;

  const tick = () => {
    const seconds = Math.max(0, Math.ceil((deadline - Date.now()) / 1000));
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    held.classList.toggle("soon", seconds > 0 && seconds <= 60);
    if (seconds === 60) said.textContent = "One minute left.";
    if (seconds === 0) {
      held.classList.add("over");
      still.hidden = true;
      ended.hidden = false;
      said.textContent = ended.textContent;
      clearInterval(timer);
    }
  };
  timer = setInterval(tick, 1000);
  tick();
}
