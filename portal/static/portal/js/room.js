// The room's page from the lobby to the end: which stage it is in, and who is told what.
import { Devices } from "./room-devices.js";
import { Lobby } from "./room-lobby.js";
import { Call } from "./room-call.js";
import { ask, Line, Refused } from "./room-signalling.js";
import { announce, find, goTo, say } from "./room-view.js";

const root = find("room");
const { base, hostPass } = root.dataset;
const KEPT = `holdfast-room:${base}`; // this tab's place; gone with the tab
const offset = new Date(root.dataset.now) - Date.now();

const CLOSED = {
  left: ["You left the meeting", "You can ask to come in again until it ends.", true],
  denied: ["The host did not let you in", "If you think that this is a mistake, ask again, or answer the mail about your booking.", true],
  removed: ["The host removed you from the meeting", "You can ask to come in again; the host decides.", true],
  unauthorized: ["Your place was given up", "Nothing was heard from this page for a while. You can ask to come in again.", true],
  not_open: ["This meeting has ended", "The room is closed. Names and chat are deleted.", false],
  not_found: ["There is no meeting at this address any more", "It was cancelled or moved to another time. The last mail about it has the link that counts.", false],
  opened_elsewhere: ["The call goes on in another tab", "You opened this room again in a newer tab or window, so this one stopped.", false],
};

let place = null; // {ticket, epoch, name}
let line = null;
let call = null;
let stage = ""; // what the server last said of us: waiting, admitted

const devices = new Devices(() => {
  lobby.showDevices();
  call?.showDevices();
  if (place) keep();
});
const lobby = new Lobby(devices, { onAsk: enter });

// Remembers the place, and whether microphone and camera were on: a reload must not switch them on.
function keep() {
  try {
    if (!place) return sessionStorage.removeItem(KEPT);
    const { microphone, camera } = line.media;
    return sessionStorage.setItem(KEPT, JSON.stringify({ ticket: place.ticket, microphone, camera }));
  } catch {
    // storage is switched off: a reload then asks at the door again
  }
}

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

// Asks to come in with a name; the lobby shows why not.
async function enter(name) {
  const body = hostPass ? { name, host_pass: hostPass } : { name };
  try {
    begin(await ask(`${base}join`, { body }));
  } catch (error) {
    if (error instanceof Refused && ["not_open", "not_found"].includes(error.code)) return close(error.code);
    say("lobby-notice", error instanceof Refused ? error.message : "The server cannot be reached. Check your connection, then try again.");
  }
}

// Goes on where this tab was before a reload; a place that is forgotten leads to the lobby.
async function comeBack({ ticket, microphone, camera }) {
  await devices.open({ audio: true, video: camera });
  if (devices.tracks.audio) devices.tracks.audio.enabled = microphone;
  for (let tries = 0; ; tries += 1) {
    try {
      return begin({ ...(await ask(`${base}join`, { ticket })), ticket });
    } catch (error) {
      if (error instanceof Refused && error.status < 500 && error.status !== 429) return lobby.start();
      say("lobby-notice", "The server cannot be reached; trying again.");
      await new Promise((resolve) => setTimeout(resolve, Math.min(15000, 1000 * 2 ** tries)));
    }
  }
}

function begin({ ticket, me }) {
  place = { ticket, epoch: me.epoch };
  say("lobby-notice", "");
  lobby.stop();
  line = new Line({ base, ticket, epoch: me.epoch, onHeard: hear, onRefused: (error) => close(error.code), onRejoined: beginAnew, onTrouble: trouble });
  call = new Call({ line, devices, me, relayOnly: "relayOnly" in root.dataset, hasRelay: root.dataset.relay === "set", decide, now: () => Date.now() + offset });
  keep();
  stage = "";
  if (me.state === "admitted") return showState(me.state, { me });
  say("waiting-words", "Knocking…");
  return goTo("waiting");
}

function beginAnew(me) {
  call.close();
  begin({ ticket: place.ticket, me });
}

function hear(answer) {
  const { me } = answer;
  if (me.state === "denied" || me.state === "removed") return close(me.state);
  showState(me.state, answer);
  if (me.state === "admitted") call.hear(answer);
}

function showState(state, { host_is_here: hostIsHere, is_full: isFull, me }) {
  if (state === "admitted") {
    if (stage === "waiting") announce("You were let in.");
    goTo("call");
  } else if (state === "waiting") {
    if (stage === "admitted") call.suspend();
    goTo("waiting");
    say("waiting-words", doorWords({ hostIsHere, isFull, isHost: me.is_host }));
  }
  stage = state;
}

function doorWords({ hostIsHere, isFull, isHost }) {
  const full = `The room is full: ${root.dataset.places} people at most. Somebody has to leave first.`;
  if (isHost) return `${full} A host who is inside can then let you in.`;
  if (isFull) return full;
  if (hostIsHere) return "The host knows that you are here and will let you in.";
  return "The host is not here yet. You will be let in when they come.";
}

function trouble(seconds) {
  const words = seconds === null ? "" : `The meeting's server cannot be reached. A call that is connected goes on. Trying again in ${seconds} s.`;
  if (words && find("call-line").hidden) announce("The meeting's server cannot be reached; trying again.");
  say("call-line", words);
  say("waiting-line", words);
}

async function decide(decision, person) {
  try {
    await ask(`${base}door`, { ticket: place.ticket, body: { decision, peer: person.peer ?? person.id } });
    line.hurry();
    return "";
  } catch (error) {
    return error instanceof Refused ? error.message : "The server cannot be reached; nothing was changed.";
  }
}

function close(why) {
  const [title, words, isAgain] = CLOSED[why] ?? CLOSED.left;
  line?.stop();
  call?.close();
  devices.closeAll();
  lobby.stop();
  place = null;
  if (why !== "opened_elsewhere") keep();
  find("closed-title").textContent = title;
  find("closed-words").textContent = words;
  find("closed-again").hidden = !isAgain;
  goTo("closed");
}

async function leave() {
  const { ticket } = place;
  close("left");
  await ask(`${base}leave`, { ticket, body: {} }).catch(() => {}); // unheard, the place is forgotten by itself
}

for (const button of document.querySelectorAll("[data-act=leave]")) button.addEventListener("click", leave);
find("closed-again").addEventListener("click", () => location.reload());
addEventListener("pagehide", () => {
  if (!place) return;
  ask(`${base}leave`, { ticket: place.ticket, body: { away: true, epoch: place.epoch }, keepalive: true }).catch(() => {});
});
addEventListener("pageshow", (event) => event.persisted && location.reload());

if (window.RTCPeerConnection) {
  find("ask-button").disabled = false; // from here on a press is ours, not the form's own
  const before = kept();
  await (before?.ticket ? comeBack(before) : lobby.start());
} else {
  say("lobby-notice", "This browser cannot make calls (it has no WebRTC). Open the link in a current Firefox, Chrome, Edge or Safari.");
}
