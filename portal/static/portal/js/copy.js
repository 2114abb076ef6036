// Buttons that copy a text: <button data-copy="text">. They stay hidden where the browser gives no clipboard.
const words = "Copied";
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) button.hidden = true;
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = words;
  } catch {
    button.textContent = "Select it and copy";
  }
  setTimeout(() => (button.textContent = before), 2000);
});
