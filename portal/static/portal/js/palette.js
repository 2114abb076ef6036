// The command palette (Ctrl-K): a dialog with the portal's pages and acts, and bookings found as one types.
const palette = document.getElementById("palette");
if (palette) {
  const input = palette.querySelector("input");
  const list = palette.querySelector("[role=listbox]");
  const found = palette.querySelector("[data-bookings]");
  const said = palette.querySelector("[role=status]");
  let current = null;
  let asked = 0;
  let timer = 0;

  const shown = () => [...list.querySelectorAll("[role=option]")].filter((option) => !option.hidden);

  const mark = (option) => {
    current?.setAttribute("aria-selected", "false");
    current = option ?? null;
    current?.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", current?.id ?? "");
    current?.scrollIntoView({ block: "nearest" });
  };

  const option = (booking, index) => {
    const link = document.createElement("a");
    link.id = `palette-booking-${index}`;
    link.href = booking.address;
    link.tabIndex = -1;
    link.setAttribute("role", "option");
    link.setAttribute("aria-selected", "false");
    const name = document.createElement("bdi");
    name.textContent = booking.title;
    const detail = document.createElement("small");
    detail.textContent = booking.detail;
    link.append(name, detail);
    return link;
  };

  const say = () => {
    const count = shown().length;
    said.textContent = count ? "" : "Nothing found. A client is found by name, e-mail or reference.";
  };

  const find = async (wanted) => {
    const mine = ++asked;
    let bookings = [];
    if (wanted.length > 1) {
      try {
        const answer = await fetch(`${palette.dataset.find}?q=${encodeURIComponent(wanted)}`);
        if (answer.ok && !answer.redirected) bookings = (await answer.json()).bookings;
      } catch {
        // offline: the pages above still work
      }
    }
    if (mine !== asked) return; // a later question was asked meanwhile
    found.replaceChildren(...bookings.map(option));
    if (!current || !current.isConnected) mark(shown()[0]);
    say();
  };

  const narrow = () => {
    const wanted = input.value.trim().toLocaleLowerCase();
    for (const each of list.querySelectorAll("[role=group]:not([data-bookings]) [role=option]")) {
      each.hidden = !each.firstElementChild.textContent.toLocaleLowerCase().includes(wanted);
    }
    for (const group of list.querySelectorAll("[role=group]:not([data-bookings])")) {
      group.hidden = !group.querySelector("[role=option]:not([hidden])");
    }
    mark(shown()[0]);
    clearTimeout(timer);
    timer = setTimeout(() => find(wanted), wanted.length > 1 ? 150 : 0);
  };

  const open = () => {
    if (palette.open) return;
    input.value = "";
    found.replaceChildren();
    narrow();
    palette.showModal();
    input.focus();
  };

  input.addEventListener("input", narrow);
  input.addEventListener("keydown", (event) => {
    const options = shown();
    const at = options.indexOf(current);
    if (event.key === "ArrowDown") mark(options[(at + 1) % options.length]);
    else if (event.key === "ArrowUp") mark(options[(at - 1 + options.length) % options.length]);
    else if (event.key === "Enter") current?.click();
    else return;
    event.preventDefault();
  });
  palette.addEventListener("click", (event) => {
    if (event.target === palette) palette.close(); // beside the box
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette]")) open();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (palette.open) palette.close();
    else open();
  });
}
