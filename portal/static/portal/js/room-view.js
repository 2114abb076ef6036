// What is seen of a call: tiles, door, chat, and sentences about its state. Names and chat are text, never markup.
const ROOT = document.getElementById("room");

export const find = (id) => document.getElementById(id);

// Makes an element with properties and children; strings become text.
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
}

// Shows a sentence in a place, or hides the place when there is none.
export function say(id, sentence) {
  const place = find(id);
  if (place.textContent !== sentence) place.textContent = sentence;
  place.hidden = !sentence;
}

// Reads out what happened to somebody who cannot see it.
export function announce(sentence) {
  find("news").textContent = sentence;
}

// Goes to a stage of the page (lobby, waiting, call, closed) and puts the reader there.
export function goTo(stage) {
  if (ROOT.dataset.stage === stage) return;
  ROOT.dataset.stage = stage;
  for (const each of ["lobby", "waiting", "call", "closed"]) find(each).hidden = each !== stage;
  document.body.classList.toggle("in-call", stage === "call");
  find(`${stage}-title`).focus();
}

const initials = (name) => name.split(/\s+/u).slice(0, 2).map((part) => [...part][0] ?? "").join("").toUpperCase();

const CONNECTION = {
  connecting: "Connecting…",
  lost: "Connection lost, trying again…",
  stuck: "Your networks do not connect; still trying…",
};

function stateWords(person) {
  const said = [];
  if (CONNECTION[person.state]) said.push(CONNECTION[person.state]);
  else if (!person.isHere) said.push("Away");
  if (person.screen) said.push("Shares the screen");
  else if (!person.camera) said.push("Camera off");
  if (!person.microphone) said.push(person.isMe ? "You are muted" : "Muted");
  return said.join(" · ");
}

// One tile per person. `person`: {id, name, isMe, isHost, isHere, state, microphone, camera, screen, stream}.
export class Tiles {
  #tiles = new Map();

  constructor({ onRemove, onBlocked }) {
    Object.assign(this, { onRemove, onBlocked });
  }

  show(people, { mayRemove }) {
    const list = find("tiles");
    list.dataset.count = people.length;
    const ids = new Set(people.map((person) => person.id));
    for (const [id, tile] of this.#tiles) {
      if (!ids.has(id)) {
        tile.item.remove();
        this.#tiles.delete(id);
      }
    }
    for (const person of people) {
      if (!this.#tiles.has(person.id)) this.#tiles.set(person.id, this.#make(person, list));
      this.#update(this.#tiles.get(person.id), person, mayRemove);
    }
  }

  speaks(id, isSpeaking) {
    this.#tiles.get(id)?.item.classList.toggle("speaks", isSpeaking);
  }

  // Plays again what the browser would not play without a press.
  play() {
    for (const { video } of this.#tiles.values()) video.play().catch(() => {});
  }

  #make(person, list) {
    const video = make("video", { autoplay: true, playsInline: true, muted: person.isMe });
    const name = make("bdi", { textContent: person.name });
    const words = make("span", { className: "tile-words" });
    const face = make("span", { className: "tile-face", ariaHidden: "true", textContent: initials(person.name) });
    const remove = make("button", { type: "button", className: "button tile-remove", textContent: "Remove" });
    remove.setAttribute("aria-label", `Remove ${person.name}`);
    remove.addEventListener("click", () => this.onRemove(person));
    const role = person.isMe ? " (you)" : person.isHost ? " (host)" : "";
    const item = make("li", { className: person.isMe ? "tile mine" : "tile" }, video, face,
      make("p", { className: "tile-caption" }, make("strong", {}, name, role), words), remove);
    item.dataset.peer = person.id;
    video.setAttribute("aria-label", `Picture of ${person.name}${role}`);
    list.insertBefore(item, person.isMe ? null : list.querySelector(".mine")); // one's own comes last
    return { item, video, words, remove };
  }

  #update({ item, video, words, remove }, person, mayRemove) {
    if (video.srcObject !== person.stream) {
      video.srcObject = person.stream;
      video.play().catch((error) => error.name === "NotAllowedError" && this.onBlocked());
    }
    const said = stateWords(person);
    if (words.textContent !== said) words.textContent = said;
    item.dataset.state = person.state;
    item.classList.toggle("no-picture", !person.camera && !person.screen);
    item.classList.toggle("screen", Boolean(person.screen));
    remove.hidden = !mayRemove || person.isMe || person.isHost;
  }
}

// Who waits at the door, for the host: each with the two answers.
export function showDoor(people, onDecide) {
  const list = find("door");
  const known = new Map([...list.children].map((item) => [item.dataset.peer, item]));
  for (const [peer, item] of known) if (!people.some((person) => person.peer === peer)) item.remove();
  for (const person of people.filter((each) => !known.has(each.peer))) {
    const admit = make("button", { type: "button", className: "button small primary", textContent: "Admit" });
    const deny = make("button", { type: "button", className: "button small", textContent: "Deny" });
    admit.setAttribute("aria-label", `Admit ${person.name}`);
    deny.setAttribute("aria-label", `Deny ${person.name}`);
    admit.addEventListener("click", () => onDecide("admit", person));
    deny.addEventListener("click", () => onDecide("deny", person));
    const item = make("li", {}, make("span", {}, make("bdi", { textContent: person.name }), " asks to come in"),
      make("span", { className: "door-acts" }, deny, admit));
    item.dataset.peer = person.peer;
    list.append(item);
    announce(`${person.name} asks to come in.`);
  }
}

// Adds lines of the chat; `me` is our own name among the peers.
export function addLines(lines, me) {
  const list = find("lines");
  const log = find("log");
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  for (const line of lines) {
    const at = new Date(line.at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    const head = make("span", { className: "line-head" },
      make("bdi", { textContent: line.peer === me ? "You" : line.name }), ` ${at}`);
    list.append(make("li", { className: line.peer === me ? "mine" : "" }, head,
      make("span", { className: "line-text", dir: "auto", textContent: line.text })));
  }
  find("chat-empty").hidden = list.children.length > 0;
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}
