// Speaks with the server: one exchange after the other, slower when all is quiet, and slower still when it fails.
const BUSY_MS = 900;
const QUIET_MS = 2500;
const DOOR_MS = 1500;
const LONGEST_MS = 15000;
const ANSWER_WITHIN_MS = 10000;
const AT_ONCE = 5;
const STALE_MS = 30000; // the others give up a silent page after 45 seconds: both sides then begin anew
const ICE_FRESH_MS = 5 * 60 * 1000;
const FINAL = new Set(["not_found", "unauthorized", "not_open", "opened_elsewhere"]);

// What the server says no to: a code for us, words for people.
export class Refused extends Error {
  constructor(status, { code = "", words = "" }, retryAfter) {
    super(words || `The server answered ${status}.`);
    Object.assign(this, { status, code, retryAfter });
  }
}

// Posts JSON to an address of the room; throws Refused, or what fetch throws when nobody answers.
export async function ask(address, { ticket = "", body = {}, keepalive = false } = {}) {
  const headers = { "Content-Type": "application/json" };
  if (ticket) headers.Authorization = `Bearer ${ticket}`;
  const answer = await fetch(address, {
    method: "POST", headers, body: JSON.stringify(body), cache: "no-store", keepalive,
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, said, Number(answer.headers.get("Retry-After")) || 0);
  return said;
}

export class Line {
  #queue = []; // signals and lines in the order of their numbers: the server takes no number after a greater one
  #number = 0;
  #after = 0;
  #lineAfter = 0;
  #timer = 0;
  #isSpeaking = false;
  #isHurried = false;
  #isStopped = false;
  #failures = 0;
  #ice = null;
  #iceAt = 0;
  #iceWaiters = [];
  #heardAt = Date.now();

  // onHeard(answer); onRefused(Refused) and onRejoined(me): it stops; onTrouble(seconds | null): it goes on, or is well.
  constructor({ base, ticket, epoch, onHeard, onRefused, onRejoined, onTrouble }) {
    Object.assign(this, { base, ticket, epoch, onHeard, onRefused, onRejoined, onTrouble });
    this.media = { microphone: false, camera: false, screen: false };
    this.isBusy = true; // somebody is being connected: look often
    this.isAtDoor = true;
    this.hurry = this.hurry.bind(this);
    addEventListener("online", this.hurry);
  }

  // Says something to one page of a peer: kind is "description" or "candidates".
  say(to, toEpoch, kind, content) {
    const body = JSON.stringify(content);
    this.#queue.push({ number: ++this.#number, to, to_epoch: toEpoch, kind, body });
    this.hurry();
  }

  write(text) {
    this.#queue.push({ number: ++this.#number, text });
    this.hurry();
  }

  // Returns STUN and TURN servers whose credentials live long enough to begin with.
  freshIce() {
    if (this.#ice && Date.now() - this.#iceAt < ICE_FRESH_MS) return Promise.resolve(this.#ice);
    const promise = new Promise((resolve) => this.#iceWaiters.push(resolve));
    this.hurry();
    return promise;
  }

  hurry() {
    this.#isHurried = true;
    if (!this.#isSpeaking) this.#plan(60);
  }

  stop() {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    removeEventListener("online", this.hurry);
  }

  #plan(milliseconds) {
    clearTimeout(this.#timer);
    if (!this.#isStopped) this.#timer = setTimeout(() => this.#step(), milliseconds);
  }

  async #step() {
    this.#isSpeaking = true;
    this.#isHurried = false;
    const batch = this.#queue.slice(0, AT_ONCE);
    const body = {
      epoch: this.epoch, after: this.#after, line_after: this.#lineAfter, media: this.media,
      signals: batch.filter((each) => each.to), lines: batch.filter((each) => each.text),
      ice: this.#iceWaiters.length > 0,
    };
    let pause;
    try {
      if (Date.now() - this.#heardAt > STALE_MS) return await this.#rejoin();
      const answer = await ask(`${this.base}signal`, { ticket: this.ticket, body });
      this.#queue.splice(0, batch.length);
      if (!this.#isStopped) this.#hear(answer);
      pause = this.#pace();
    } catch (error) {
      pause = this.#trouble(error, batch.length);
    }
    this.#isSpeaking = false;
    if (pause !== null) this.#plan(pause);
  }

  // After a long silence (sleep, no network) goes on as a reload would: as a new page of the same person.
  async #rejoin() {
    const { me } = await ask(`${this.base}join`, { ticket: this.ticket });
    if (this.#isStopped) return;
    this.stop();
    this.onTrouble(null);
    this.onRejoined(me);
  }

  #hear(answer) {
    this.#heardAt = Date.now();
    if (this.#failures) this.onTrouble(null);
    this.#failures = 0;
    this.#after = Math.max(this.#after, ...answer.signals.map((signal) => signal.id));
    this.#lineAfter = Math.max(this.#lineAfter, ...answer.lines.map((line) => line.id));
    this.isAtDoor = answer.me.state !== "admitted";
    if (answer.ice) {
      this.#ice = answer.ice;
      this.#iceAt = Date.now();
      for (const resolve of this.#iceWaiters.splice(0)) resolve(answer.ice);
    }
    this.onHeard(answer);
  }

  #pace() {
    if (this.#isHurried || this.#queue.length) return 150;
    const pause = this.isAtDoor ? DOOR_MS : this.isBusy ? BUSY_MS : QUIET_MS;
    return pause * (0.9 + Math.random() * 0.2);
  }

  // Returns how long to wait before the next try, null for never.
  #trouble(error, sent) {
    if (error instanceof Refused && FINAL.has(error.code)) {
      this.stop();
      this.onRefused(error);
      return null;
    }
    if (error instanceof Refused && error.status === 400) this.#queue.splice(0, sent); // it would be refused for ever
    this.#failures += 1;
    const backOff = Math.min(LONGEST_MS, 1000 * 2 ** (this.#failures - 1)) * (0.75 + Math.random() * 0.5);
    const pause = Math.max(backOff, (error.retryAfter ?? 0) * 1000);
    if (this.#failures > 1) this.onTrouble(Math.ceil(pause / 1000));
    return pause;
  }
}
