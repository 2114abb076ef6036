// The lobby: see yourself, hear that you are heard, choose devices, say your name.
import { Meter } from "./room-devices.js";
import { find, say } from "./room-view.js";

const HEARD = 0.04;
const KINDS = { audio: "microphone", video: "camera" };

export class Lobby {
  #meter = null;
  #metered = null;
  #isStopped = false;

  constructor(devices, { onAsk }) {
    this.devices = devices;
    find("ask").addEventListener("submit", async (event) => {
      event.preventDefault();
      find("ask-button").disabled = true;
      await onAsk(find("name").value);
      find("ask-button").disabled = false;
    });
    find("device-again").addEventListener("click", () => this.start());
    for (const [kind, id] of Object.entries(KINDS)) {
      find(id).addEventListener("change", () => devices.choose(kind, find(id).value));
    }
  }

  async start() {
    await this.devices.open({ audio: !this.devices.tracks.audio, video: !this.devices.tracks.video });
    this.showDevices();
  }

  stop() {
    this.#isStopped = true;
    this.#meter?.stop();
    this.#meter = null;
    find("preview").srcObject = null;
  }

  async showDevices() {
    if (this.#isStopped) return;
    const { audio, video } = this.devices.tracks;
    this.#preview(video);
    this.#measure(audio);
    const { words } = this.devices;
    const fine = audio && video ? "Camera and microphone work." : audio ? "The microphone works." : "";
    find("device-words").textContent = words || fine || "You can join and listen without camera and microphone.";
    find("device-words").classList.toggle("bad", Boolean(words));
    find("device-again").hidden = !words;
    for (const kind of Object.keys(KINDS)) await this.#choices(kind);
  }

  #preview(track) {
    const preview = find("preview");
    if (preview.srcObject?.getVideoTracks()[0] !== (track ?? undefined)) {
      preview.srcObject = track ? new MediaStream([track]) : null;
    }
    say("preview-words", track ? "" : "Camera off");
  }

  #measure(track) {
    if (this.#metered === track) return;
    this.#metered = track;
    this.#meter?.stop();
    this.#meter = null;
    find("level").value = 0;
    find("level-words").textContent = track ? "Nothing heard yet: say something" : "No microphone";
    if (!track) return;
    this.#meter = new Meter(track, (level) => {
      find("level").value = level;
      if (level > HEARD) find("level-words").textContent = "We hear you";
    });
  }

  async #choices(kind) {
    const select = find(KINDS[kind]);
    const list = await this.devices.list(kind);
    const current = this.devices.tracks[kind]?.getSettings().deviceId ?? "";
    const options = list.map((device, index) => {
      const label = device.label || `${kind === "audio" ? "Microphone" : "Camera"} ${index + 1}`;
      return new Option(label, device.deviceId, false, device.deviceId === current);
    });
    if (!options.length) options.push(new Option("None found", ""));
    else if (!current) options.unshift(new Option("None in use", "", true, true));
    select.replaceChildren(...options);
    select.disabled = !list.length;
  }
}
