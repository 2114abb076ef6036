// <button class="copy needs-script" data-copy="text">Copy</button>: puts the text on the clipboard and says so.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const word = button.dataset.word ?? (button.dataset.word = button.textContent);
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Press Ctrl C"; // no permission: select what stands beside the button instead
    const shown = button.parentElement?.querySelector("[data-copied]");
    if (shown) getSelection()?.selectAllChildren(shown);
  }
  setTimeout(() => { button.textContent = word; }, 2000);
});
