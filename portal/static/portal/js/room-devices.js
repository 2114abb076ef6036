// Camera, microphone and screen: opening, choosing, losing them, and honest words for what went wrong.
const KINDS = { audio: "microphone", video: "camera" };

const FAULTS = {
  NotAllowedError: (what) => `This page may not use the ${what}: the browser or the system denies it. Allow it beside the address, then press “Try again”.`,
  NotFoundError: (what) => `No ${what} was found.`,
  NotReadableError: (what) => `The ${what} is in use by another program, or does not answer. Close the other program, then press “Try again”.`,
  OverconstrainedError: (what) => `The chosen ${what} is not there any more. Choose another one.`,
  AbortError: (what) => `The ${what} stopped while it was being opened. Press “Try again”.`,
};
const INSECURE = "Camera and microphone work only at a secure address (https). You can join and listen.";
const NONE = "No camera and no microphone were found.";
const LISTEN = "You can join and listen without.";

function words(error, what) {
  return (FAULTS[error.name] ?? (() => `The ${what} could not be opened (${error.name}).`))(what);
}

async function isGranted(kind) {
  try {
    return (await navigator.permissions.query({ name: KINDS[kind] })).state === "granted";
  } catch {
    return false; // a browser that cannot say
  }
}

export class Devices {
  tracks = { audio: null, video: null };
  chosen = { audio: "", video: "" };
  faults = { audio: "", video: "" };
  screen = null;

  // onChange(): a track came or went, or there is something to say.
  constructor(onChange) {
    this.onChange = onChange;
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.onChange());
  }

  get words() {
    let faults = [...new Set(Object.values(this.faults).filter(Boolean))];
    if (!faults.length) return "";
    if (Object.keys(KINDS).every((kind) => this.faults[kind] === FAULTS.NotFoundError(KINDS[kind]))) faults = [NONE];
    return [...faults, this.tracks.audio || faults.includes(INSECURE) ? "" : LISTEN].join(" ").trim();
  }

  // Opens both (or what is there); never throws. The browser asks once for both.
  async open({ audio = true, video = true } = {}) {
    const wanted = Object.keys(KINDS).filter((kind) => ({ audio, video })[kind]);
    if (!navigator.mediaDevices?.getUserMedia) {
      for (const kind of wanted) this.faults[kind] = INSECURE;
      return this.onChange();
    }
    try {
      await this.#open(wanted);
    } catch (error) {
      await this.#openApart(wanted, error);
    }
    this.onChange();
  }

  // Opens another device of this kind.
  async choose(kind, deviceId) {
    this.chosen[kind] = deviceId;
    this.close(kind);
    await this.open({ audio: kind === "audio", video: kind === "video" });
  }

  // Returns [{deviceId, label}] of a kind; labels are known once one may be used.
  async list(kind) {
    const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return all.filter((device) => device.kind === `${kind}input` && device.deviceId);
  }

  // Ends a device: its light goes off.
  close(kind) {
    const track = this.tracks[kind];
    this.tracks[kind] = null;
    if (track) track.onended = null;
    track?.stop();
  }

  closeAll() {
    this.close("audio");
    this.close("video");
    this.endScreen();
  }

  // Asks which screen to share; returns "" or why not. Choosing none is no fault.
  async shareScreen() {
    if (!navigator.mediaDevices?.getDisplayMedia) return "This browser cannot share a screen.";
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: false });
      [this.screen] = stream.getVideoTracks();
      this.screen.contentHint = "detail";
      this.screen.onended = () => this.endScreen();
      this.onChange();
      return "";
    } catch (error) {
      return error.name === "NotAllowedError" ? "" : "The screen could not be shared.";
    }
  }

  endScreen() {
    if (!this.screen) return;
    this.screen.onended = null;
    this.screen.stop();
    this.screen = null;
    this.onChange();
  }

  async #open(kinds) {
    const constraints = {};
    for (const kind of kinds) {
      const exact = this.chosen[kind] ? { deviceId: { exact: this.chosen[kind] } } : {};
      constraints[kind] = kind === "video"
        ? { ...exact, width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { max: 30 } }
        : { ...exact, echoCancellation: true, noiseSuppression: true };
    }
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    for (const track of stream.getTracks()) this.#adopt(track);
  }

  async #openApart(kinds, error) {
    for (const kind of kinds) {
      const isWorthIt = kinds.length > 1 && (error.name !== "NotAllowedError" || (await isGranted(kind)));
      if (!isWorthIt) {
        this.faults[kind] = this.#fault(error, kind, kinds);
        continue;
      }
      try {
        await this.#open([kind]);
      } catch (own) {
        this.faults[kind] = words(own, KINDS[kind]);
      }
    }
  }

  #fault(error, kind, kinds) {
    const isBoth = kinds.length > 1 && error.name === "NotAllowedError";
    return words(error, isBoth ? "camera and the microphone" : KINDS[kind]);
  }

  #adopt(track) {
    this.close(track.kind);
    this.faults[track.kind] = "";
    this.tracks[track.kind] = track;
    track.onended = () => {
      this.tracks[track.kind] = null;
      this.faults[track.kind] = `The ${KINDS[track.kind]} was unplugged or taken away.`;
      this.onChange();
    };
  }
}

// Measures how loud a microphone is: onLevel(0 to 1), ten times a second, until stop().
export class Meter {
  constructor(track, onLevel) {
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 1024;
    this.context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.timer = setInterval(() => {
      if (this.context.state === "suspended") this.context.resume().catch(() => {});
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      onLevel(Math.min(1, Math.sqrt(power) * 4));
    }, 100);
  }

  stop() {
    clearInterval(this.timer);
    this.context.close();
  }
}
