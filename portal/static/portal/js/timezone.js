// Makes the list of time zones searchable, and remembers a choice (zone.js reads it before the next page is drawn).
const ZONE_COOKIE = "holdfast_time_zone";

function rememberZone(zone) {
  document.cookie = `${ZONE_COOKIE}=${zone}; path=/; max-age=31536000; samesite=lax`;
}

// the <select> stays the form's value; a field and a short list of matches stand before it
function makeSearchable(picker) {
  const select = picker.querySelector("#time-zone");
  const form = select?.form;
  if (!form || form.querySelector("[role=combobox]")) return;
  const choices = [...select.options].map((option) => ({
    zone: option.value,
    label: option.label,
    text: `${option.label} ${option.value.replaceAll("_", " ")}`.toLocaleLowerCase(),
  }));
  const input = document.createElement("input");
  const list = document.createElement("ul");
  let current = -1;

  Object.assign(input, { type: "text", id: "find-zone", autocomplete: "off", placeholder: "Search a city" });
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false",
    "aria-controls": "found-zones", "aria-autocomplete": "list" })) input.setAttribute(name, value);
  Object.assign(list, { id: "found-zones", className: "found-zones" });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Time zones");
  select.hidden = true;
  select.labels[0].htmlFor = input.id;
  select.before(input);
  select.after(list);
  form.querySelector("button").hidden = true;

  const choose = (zone) => {
    select.value = zone;
    rememberZone(zone);
    form.requestSubmit();
  };
  const mark = (index) => {
    current = index;
    [...list.children].forEach((row, at) => row.setAttribute("aria-selected", String(at === index)));
    input.setAttribute("aria-activedescendant", list.children[index]?.id ?? "");
    list.children[index]?.scrollIntoView({ block: "nearest" });
  };
  const show = () => {
    const wanted = input.value.trim().toLocaleLowerCase();
    const found = choices.filter((choice) => choice.text.includes(wanted)).slice(0, 40);
    list.replaceChildren(...found.map((choice, index) => {
      const row = document.createElement("li");
      row.id = `found-zone-${index}`;
      row.setAttribute("role", "option");
      row.dataset.zone = choice.zone;
      row.textContent = choice.label;
      return row;
    }));
    input.setAttribute("aria-expanded", String(found.length > 0));
    mark(wanted && found.length ? 0 : -1);
  };

  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    const last = list.children.length - 1;
    if (event.key === "ArrowDown") mark(Math.min(current + 1, last));
    else if (event.key === "ArrowUp") mark(Math.max(current - 1, 0));
    else if (event.key === "Enter" && current >= 0) choose(list.children[current].dataset.zone);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[role=option]");
    if (row) choose(row.dataset.zone);
  });
  picker.querySelector("#zone-change").addEventListener("toggle", (event) => {
    if (!event.target.open) return;
    show();
    input.focus();
  });
}

function prepare() {
  const picker = document.getElementById("picker");
  if (picker) makeSearchable(picker);
}

document.addEventListener("htmx:afterSwap", prepare);
prepare();
