// Before a room opens its page looks again by itself; without script a refresh in the head does.
const waiting = document.querySelector("[data-again-seconds]");
if (waiting) setTimeout(() => location.reload(), Number(waiting.dataset.againSeconds) * 1000);
