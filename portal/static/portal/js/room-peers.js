// The mesh: one RTCPeerConnection to each person inside, by perfect negotiation (W3C WebRTC, 10.7).
// Of two, the page with the greater name leads: it makes the first offer with one audio and one video line, which
// stay for the whole call; mute, camera and screen only replace what is sent on them.
const BATCH_MS = 150;
const BATCH_LENGTH = 30;
const CONNECT_WITHIN_MS = 12000;
const LONGEST_MS = 30000;
const KINDS = ["audio", "video"];

class Peer {
  #work = Promise.resolve();
  #candidates = [];
  #flushing = 0;
  #retrying = 0;
  #ignores = false;
  #isClosed = false;
  #tries = 0;

  constructor(mesh, person) {
    this.mesh = mesh;
    this.id = person.peer;
    this.epoch = person.epoch;
    this.leads = mesh.me > person.peer;
    this.stream = new MediaStream();
    this.state = "connecting"; // connected, lost (was connected), stuck (never was, after several tries)
    this.wasConnected = false;
    this.#then(() => this.#begin());
  }

  receive(signal) {
    if (signal.epoch !== this.epoch) return;
    const content = JSON.parse(signal.body);
    if (signal.kind === "description") this.#then(() => this.#describe(content));
    else this.#then(() => this.#add(content));
  }

  replace(kind, track) {
    this.#then(() => Promise.all(this.#senders(kind).map((sender) => sender.replaceTrack(track))));
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#retrying);
    clearTimeout(this.#flushing);
    this.pc?.close();
  }

  // Says how loud the peer is now, 0 to 1.
  level() {
    const audio = this.pc?.getReceivers().find((receiver) => receiver.track.kind === "audio");
    return audio?.getSynchronizationSources?.()[0]?.audioLevel ?? 0;
  }

  // One thing after the other: no description is handled while another one is being made.
  #then(task) {
    this.#work = this.#work.then(() => (this.#isClosed ? undefined : task())).catch((error) => {
      if (!this.#isClosed) this.mesh.onFault(error);
    });
  }

  async #begin() {
    const pc = new RTCPeerConnection(await this.#configuration());
    this.pc = pc;
    if (this.#isClosed) return pc.close();
    pc.ontrack = ({ track }) => {
      this.stream.addTrack(track);
      this.mesh.onChange();
    };
    pc.onicecandidate = ({ candidate }) => this.#gather(candidate);
    pc.onnegotiationneeded = () => this.#then(() => this.#offer());
    pc.onconnectionstatechange = () => this.#follow();
    if (this.leads) {
      for (const kind of KINDS) {
        const { sender } = pc.addTransceiver(kind, { direction: "sendrecv", streams: [this.mesh.bundle] });
        await sender.replaceTrack(this.mesh.tracks[kind]);
      }
    }
    this.#retryIn(CONNECT_WITHIN_MS);
  }

  async #configuration() {
    return {
      iceServers: await this.mesh.line.freshIce(),
      iceTransportPolicy: this.mesh.relayOnly ? "relay" : "all",
      bundlePolicy: "max-bundle",
    };
  }

  async #offer() {
    if (this.pc.signalingState !== "stable") return; // the event comes again once it is
    await this.pc.setLocalDescription();
    this.#describeOurs();
  }

  #describeOurs() {
    this.mesh.line.say(this.id, this.epoch, "description", this.pc.localDescription);
  }

  async #describe(description) {
    const { pc } = this;
    const isOffer = description.type === "offer";
    if (!isOffer && pc.signalingState !== "have-local-offer") return; // the answer to an offer that was repeated
    this.#ignores = this.leads && isOffer && pc.signalingState !== "stable";
    if (this.#ignores) return; // both offered at once: the leader's counts, the other side rolls back
    await pc.setRemoteDescription(description);
    if (!isOffer) return;
    for (const transceiver of pc.getTransceivers()) {
      transceiver.direction = "sendrecv";
      transceiver.sender.setStreams?.(this.mesh.bundle);
      await transceiver.sender.replaceTrack(this.mesh.tracks[transceiver.receiver.track.kind]);
    }
    await pc.setLocalDescription();
    this.#describeOurs();
  }

  async #add(candidates) {
    for (const candidate of candidates) {
      try {
        await this.pc.addIceCandidate(candidate);
      } catch (error) {
        if (!this.#ignores && this.pc.remoteDescription) throw error;
      }
    }
  }

  #gather(candidate) {
    if (candidate) this.#candidates.push(candidate);
    clearTimeout(this.#flushing);
    if (!candidate || this.#candidates.length >= BATCH_LENGTH) this.#flush();
    else this.#flushing = setTimeout(() => this.#flush(), BATCH_MS);
  }

  #flush() {
    const batch = this.#candidates.splice(0);
    if (batch.length) this.mesh.line.say(this.id, this.epoch, "candidates", batch);
  }

  #follow() {
    const was = this.state;
    switch (this.pc.connectionState) {
      case "connected":
        this.state = "connected";
        this.wasConnected = true;
        this.#tries = 0;
        clearTimeout(this.#retrying);
        break;
      case "disconnected":
        this.state = "lost";
        this.#retryIn(this.leads ? 3000 : 6000); // often it comes back by itself
        break;
      case "failed":
        this.state = this.wasConnected ? "lost" : this.#tries > 1 ? "stuck" : "connecting";
        this.#retryIn(this.leads ? 200 : 2000);
        break;
    }
    if (was !== this.state) this.mesh.onChange();
  }

  #retryIn(milliseconds) {
    clearTimeout(this.#retrying);
    const backOff = this.#tries ? Math.min(LONGEST_MS, 2000 * 2 ** this.#tries) : 0;
    this.#retrying = setTimeout(() => this.#then(() => this.#retry()), Math.max(milliseconds, backOff));
  }

  // ICE restart with fresh credentials; an offer that nobody answered is sent again.
  async #retry() {
    const { pc } = this;
    if (pc.connectionState === "connected") return;
    this.#tries += 1;
    if (this.#tries > 1 && !this.wasConnected) this.state = "stuck";
    this.mesh.onChange();
    if (pc.signalingState === "have-local-offer") this.#describeOurs();
    else if (pc.remoteDescription) {
      pc.setConfiguration(await this.#configuration());
      pc.restartIce();
    }
    this.#retryIn(CONNECT_WITHIN_MS);
  }

  #senders(kind) {
    const ours = (this.pc?.getTransceivers() ?? []).filter(({ receiver }) => receiver.track.kind === kind);
    return ours.map(({ sender }) => sender);
  }
}

export class Mesh {
  peers = new Map();
  tracks = { audio: null, video: null };
  bundle = new MediaStream(); // one name for both lines, so that lips and voice stay together

  // line: signalling; me: our name among the peers; onChange(): somebody's state or stream changed.
  constructor({ line, me, relayOnly, onChange, onFault }) {
    Object.assign(this, { line, me, relayOnly, onChange, onFault });
  }

  // Connects who came, lets go who left, and begins anew with who reloaded.
  update(people) {
    const present = new Map(people.map((person) => [person.peer, person]));
    for (const [id, peer] of this.peers) {
      if (present.get(id)?.epoch !== peer.epoch) {
        peer.close();
        this.peers.delete(id);
      }
    }
    for (const person of people) {
      if (!this.peers.has(person.peer)) this.peers.set(person.peer, new Peer(this, person));
    }
  }

  receive(signal) {
    this.peers.get(signal.from)?.receive(signal);
  }

  // Sends this track (or nothing) to everybody from now on; kind is "audio" or "video".
  send(kind, track) {
    this.tracks[kind] = track;
    for (const peer of this.peers.values()) peer.replace(kind, track);
  }

  get isSettled() {
    return [...this.peers.values()].every((peer) => peer.state === "connected");
  }

  close() {
    for (const peer of this.peers.values()) peer.close();
    this.peers.clear();
  }
}
