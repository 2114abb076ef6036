// The preview follows what is typed: the form is sent to the frame, half a second after the last key.
const form = document.querySelector("form[data-preview]");
const button = form?.querySelector("[data-preview-button]");
if (button) {
  let waiting;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(button), 500);
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter !== button) clearTimeout(waiting);
  });
}
