// The call itself: the mesh behind it, what is sent, the buttons, the chat, who came and who left.
import { Mesh } from "./room-peers.js";
import { addLines, announce, find, say, showDoor, Tiles } from "./room-view.js";

const SPEAKS = 0.02;
const LAST_MINUTES = 5;
const KEYS = { KeyM: "mute", KeyV: "camera-off", KeyS: "share", KeyC: "chat-toggle" };

export class Call {
  #people = [];
  #unread = 0;
  #trouble = "";
  #stops = new AbortController();
  #own = new MediaStream();
  #isFirst = true;

  constructor({ line, devices, me, relayOnly, hasRelay, decide, now }) {
    Object.assign(this, { line, devices, me, hasRelay, decide, now });
    this.mesh = new Mesh({
      line, me: me.peer, relayOnly,
      onChange: () => this.#show(),
      onFault: (error) => console.warn("A connection step failed:", error),
    });
    this.tiles = new Tiles({ onRemove: (person) => this.#remove(person), onBlocked: () => this.#askToHear() });
    find("lines").replaceChildren();
    this.#listen();
    this.timer = setInterval(() => this.#tick(), 500);
    this.showDevices();
  }

  hear(answer) {
    this.closesAt = new Date(answer.closes_at);
    this.#tell(answer.people);
    this.#people = answer.people;
    this.mesh.update(answer.people);
    for (const signal of answer.signals) this.mesh.receive(signal);
    if (answer.lines.length) this.#chat(answer.lines);
    this.#isFirst = false;
    showDoor(answer.door, async (decision, person) => this.#warn(await this.decide(decision, person)));
    this.#show();
  }

  // Sends what the devices give now: the screen in place of the camera.
  showDevices() {
    const { tracks, screen } = this.devices;
    const video = screen ?? tracks.video;
    if (this.mesh.tracks.audio !== tracks.audio) this.mesh.send("audio", tracks.audio);
    if (this.mesh.tracks.video !== video) this.mesh.send("video", video);
    this.#own = this.#own.getVideoTracks()[0] === (video ?? undefined) ? this.#own : new MediaStream(video ? [video] : []);
    const isHeard = Boolean(tracks.audio?.enabled);
    this.line.media = { microphone: isHeard, camera: Boolean(tracks.video), screen: Boolean(screen) };
    this.line.hurry();
    find("mute").textContent = tracks.audio ? (isHeard ? "Mute" : "Unmute") : "Microphone on";
    find("camera-off").textContent = tracks.video ? "Camera off" : "Camera on";
    find("share").textContent = screen ? "Stop sharing" : "Share screen";
    this.#warn(this.devices.words);
    this.#show();
  }

  // Somebody else took the place while we were away: nothing is sent until we are inside again.
  suspend() {
    this.mesh.update([]);
    this.#people = [];
  }

  close() {
    clearInterval(this.timer);
    this.#stops.abort();
    this.mesh.close();
    this.tiles.show([], {});
  }

  #listen() {
    const { signal } = this.#stops;
    const on = (id, act) => find(id).addEventListener("click", act, { signal });
    on("mute", () => this.#toggleMicrophone());
    on("camera-off", () => this.#toggleCamera());
    on("share", async () => (this.devices.screen ? this.devices.endScreen() : this.#warn(await this.devices.shareScreen())));
    on("chat-toggle", () => this.#toggleChat());
    find("write").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = find("line").value.trim();
      if (text) this.line.write(text);
      find("line").value = "";
    }, { signal });
    addEventListener("keydown", (event) => {
      const id = event.altKey && event.shiftKey && !event.ctrlKey && KEYS[event.code];
      if (!id) return;
      event.preventDefault();
      find(id).click();
    }, { signal });
  }

  #toggleMicrophone() {
    const track = this.devices.tracks.audio;
    if (!track) return this.devices.open({ video: false });
    track.enabled = !track.enabled;
    announce(track.enabled ? "Your microphone is on." : "You are muted.");
    return this.devices.onChange();
  }

  #toggleCamera() {
    if (!this.devices.tracks.video) return this.devices.open({ audio: false });
    this.devices.close("video");
    announce("Your camera is off.");
    return this.devices.onChange();
  }

  #toggleChat() {
    const chat = find("chat");
    chat.hidden = !chat.hidden;
    this.#unread = 0;
    this.#labelChat();
    if (!chat.hidden) {
      find("log").scrollTop = find("log").scrollHeight;
      find("line").focus();
    }
  }

  #labelChat() {
    find("chat-toggle").setAttribute("aria-expanded", String(!find("chat").hidden));
    find("chat-toggle").textContent = this.#unread ? `Chat (${this.#unread} new)` : "Chat";
  }

  #chat(lines) {
    addLines(lines, this.me.peer);
    if (this.#isFirst || !find("chat").hidden) return; // what was said before a reload is not news
    const others = lines.filter((line) => line.peer !== this.me.peer);
    this.#unread += others.length;
    if (others.length) announce(`${others.at(-1).name} wrote: ${others.at(-1).text}`);
    this.#labelChat();
  }

  async #remove(person) {
    const sure = find("sure");
    find("sure-title").textContent = `Remove ${person.name} from the meeting?`;
    sure.returnValue = "no";
    sure.showModal();
    await new Promise((resolve) => sure.addEventListener("close", resolve, { once: true }));
    if (sure.returnValue === "yes") this.#warn(await this.decide("remove", person));
  }

  #tell(people) {
    const before = new Map(this.#people.map((person) => [person.peer, person]));
    const after = new Set(people.map((person) => person.peer));
    const came = people.filter((person) => !before.has(person.peer)).map((person) => `${person.name} joined.`);
    const left = [...before.values()].filter((person) => !after.has(person.peer)).map((person) => `${person.name} left.`);
    if (came.length || left.length) announce([...came, ...left].join(" "));
  }

  #show() {
    const mine = {
      id: this.me.peer, name: this.me.name, isMe: true, isHost: this.me.is_host, isHere: true, state: "connected",
      ...this.line.media, stream: this.#own,
    };
    const others = this.#people.map((person) => {
      const peer = this.mesh.peers.get(person.peer);
      return {
        id: person.peer, name: person.name, isHost: person.is_host, isHere: person.is_here,
        microphone: person.microphone, camera: person.camera, screen: person.screen,
        state: peer?.state ?? "connecting", stream: peer?.stream ?? null,
      };
    });
    this.line.isBusy = !this.mesh.isSettled;
    this.tiles.show([...others, mine], { mayRemove: this.me.is_host });
    this.#explain(others);
  }

  // Says once what the tiles' short words mean for the reader.
  #explain(others) {
    const stuck = others.filter((person) => person.state === "stuck").map((person) => person.name);
    const relay = this.hasRelay ? "" : " No relay (TURN server) is set here, which such networks need; another network, such as a phone's, may work.";
    const words = stuck.length ? `Your network and that of ${stuck.join(" and ")} do not connect.${relay} Still trying.` : "";
    if (words === this.#trouble) return;
    this.#trouble = words;
    this.#warn(words);
  }

  #warn(words) {
    const sentence = words || this.#trouble;
    if (sentence && sentence !== find("call-device").textContent) announce(sentence);
    say("call-device", sentence);
  }

  #askToHear() {
    say("call-device", "Your browser plays no sound before you press something. ");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "button small", textContent: "Hear the others" });
    button.addEventListener("click", () => {
      this.tiles.play();
      this.#warn("");
    }, { once: true });
    find("call-device").append(button);
  }

  #tick() {
    for (const [id, peer] of this.mesh.peers) this.tiles.speaks(id, peer.level() > SPEAKS);
    if (!this.closesAt) return;
    const minutes = Math.ceil((this.closesAt - this.now()) / 60000);
    const words = minutes > LAST_MINUTES ? "" : minutes > 0 ? `· ${minutes} min left` : "· ending now";
    if (find("call-left").textContent !== words) {
      find("call-left").textContent = words;
      if (words) announce(`The meeting ends in ${Math.max(0, minutes)} minutes.`);
    }
  }
}
