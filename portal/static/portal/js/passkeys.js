// Says in words when a passkey did not work; allauth's script does the rest and tells by an event.
const WORDS = {
  NotAllowedError: "Nothing was confirmed: it was cancelled, or there is no passkey of this page on this device.",
  InvalidStateError: "This device has a passkey here already.",
  SecurityError: "Passkeys do not work at this address.",
};
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const place = document.querySelector("[data-passkey-fault]");
  if (place) place.textContent = WORDS[event.detail.exception?.name] ?? "The passkey did not work. Try again.";
});
