/** What is outside our house: browser, network and clock, each just real enough to be talked to. */

/** @type {Map<string, Set<() => void>>} */
const windowListeners = new Map()

globalThis.location = { href: 'https://vilaclara.test/ca/visits/abc/wait' }
globalThis.addEventListener = (name, act) => windowListeners.set(name, (windowListeners.get(name) ?? new Set()).add(act))
globalThis.removeEventListener = (name, act) => windowListeners.get(name)?.delete(act)
globalThis.document = { querySelector: () => ({ getAttribute: () => 'the-token' }) }

/** @param {string} name */
export const happensToTheWindow = (name) => windowListeners.get(name)?.forEach((act) => act())

/** Let everything that waits for nothing but its turn happen. */
export const settle = async () => {
  for (let turn = 0; turn < 40; turn++) await null
}

/** A clock that moves when told to, together with timers. */
export function stopTheClock(t) {
  let now = 0
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  t.mock.method(performance, 'now', () => now)
  t.mock.method(Math, 'random', () => 0.5)
  return async (milliseconds, step = 250) => {
    for (let gone = 0; gone < milliseconds; gone += step) {
      now += step
      t.mock.timers.tick(step)
      await settle()
    }
  }
}

/** Answers to POST, and a list of what was posted. */
export function postOffice(t, answer) {
  const posted = []
  t.mock.method(globalThis, 'fetch', async (url, { body, headers }) => {
    const letter = { url, headers, body: body instanceof URLSearchParams ? Object.fromEntries(body) : JSON.parse(body) }
    posted.push(letter)
    const { status = 200, json = {}, after } = (await answer(letter, posted.length)) ?? {}
    return new Response(status === 204 ? null : JSON.stringify(json), { status, headers: after ? { 'Retry-After': after } : {} })
  })
  return posted
}

/** Every EventSource that was opened. */
export class Source extends EventTarget {
  static all = []
  static get last() {
    return Source.all.at(-1)
  }
  constructor(url) {
    super()
    this.url = new URL(url)
    this.isOpen = true
    Source.all.push(this)
  }
  close() {
    this.isOpen = false
  }
  tell(name, data, id = '') {
    this.dispatchEvent(Object.assign(new Event(name), { data: JSON.stringify(data), lastEventId: String(id) }))
  }
}
globalThis.EventSource = Source

export class Track extends EventTarget {
  readyState = 'live'
  enabled = true
  constructor(kind) {
    super()
    this.kind = kind
  }
  stop() {
    this.readyState = 'ended'
  }
}

export class Stream {
  constructor(tracks = []) {
    this.tracks = [...tracks]
  }
  getTracks() {
    return this.tracks
  }
  addTrack(track) {
    this.tracks.push(track)
  }
  removeTrack(track) {
    this.tracks = this.tracks.filter((other) => other !== track)
  }
}
globalThis.MediaStream = Stream

const withJson = (object) => ({ ...object, toJSON: () => object })

class Transceiver {
  mid = null
  isStopped = false
  constructor(kind, direction, track = null) {
    this.direction = direction
    this.receiver = { track: { kind } }
    this.sender = {
      track,
      replaceTrack: async (other) => void (this.sender.track = other),
      setStreams: () => {},
      getParameters: () => ({ encodings: [{}] }),
      setParameters: async (parameters) => void (this.sender.parameters = parameters)
    }
  }
  stop() {
    this.isStopped = true
  }
}

/** A channel for letters: what was sent, and whether it is open. */
export class Channel {
  readyState = 'connecting'
  sent = []
  constructor(label) {
    this.label = label
  }
  send(text) {
    if (this.readyState !== 'open') throw new Error('the channel is not open')
    this.sent.push(text)
  }
  becomes(state) {
    this.readyState = state
    if (state === 'open') this.onopen?.()
    if (state === 'closed') this.onclose?.()
  }
}

/** As much of a connection as negotiation needs: lines, the signalling state, and rollback. */
export class Connection {
  static all = []
  signalingState = 'stable'
  connectionState = 'new'
  localDescription = null
  remoteDescription = null
  transceivers = []
  channels = []
  hasApplication = false
  candidates = []
  restarts = 0
  rollbacks = 0
  packets = 0
  stats = {}
  constructor(configuration) {
    this.configuration = configuration
    Connection.all.push(this)
  }
  setConfiguration(configuration) {
    this.configuration = configuration
  }
  getTransceivers() {
    return this.transceivers.filter(({ isStopped }) => !isStopped)
  }
  createDataChannel(label, options) {
    this.channels.push(Object.assign(new Channel(label), options))
    if (!this.hasApplication) this.#needsNegotiation()
    return this.channels.at(-1)
  }
  addTransceiver(trackOrKind) {
    const isTrack = typeof trackOrKind !== 'string'
    this.transceivers.push(new Transceiver(isTrack ? trackOrKind.kind : trackOrKind, 'sendrecv', isTrack ? trackOrKind : null))
    this.#needsNegotiation()
  }
  async createOffer() {}
  async setLocalDescription() {
    await null
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer'
    this.getTransceivers().forEach((transceiver, index) => (transceiver.mid ??= String(index)))
    if (this.channels.length) this.hasApplication = true
    this.localDescription = withJson({ type, sdp: this.getTransceivers().map(({ receiver }) => receiver.track.kind).join() })
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable'
  }
  async setRemoteDescription({ type, sdp }) {
    await null
    if (type === 'offer') {
      if (this.signalingState === 'have-local-offer') this.#rollBack()
      sdp.split(',').forEach((kind, index) => this.#line(kind, String(index)))
      this.hasApplication = true
      this.signalingState = 'have-remote-offer'
    } else {
      if (this.signalingState !== 'have-local-offer') throw new Error('an answer to nothing')
      this.signalingState = 'stable'
    }
    this.remoteDescription = { type, sdp }
  }
  async addIceCandidate(candidate) {
    if (!this.remoteDescription) throw new Error('a candidate too early')
    this.candidates.push(candidate)
  }
  restartIce() {
    this.restarts++
    this.#needsNegotiation()
  }
  async getStats() {
    return new Map([['in', { type: 'inbound-rtp', kind: 'audio', packetsReceived: this.packets }], ...Object.entries(this.stats)])
  }
  becomes(state) {
    this.connectionState = state
    this.onconnectionstatechange?.()
  }
  close() {
    this.signalingState = this.connectionState = 'closed'
  }
  #line(kind, mid) {
    if (this.transceivers.some((transceiver) => transceiver.mid === mid)) return
    const transceiver = new Transceiver(kind, 'recvonly')
    transceiver.mid = mid
    this.transceivers.push(transceiver)
  }
  #rollBack() {
    this.rollbacks++
    for (const transceiver of this.transceivers) if (transceiver.direction === 'sendrecv') transceiver.mid = null
  }
  #needsNegotiation() {
    if (this.isAsking) return
    this.isAsking = true
    queueMicrotask(() => {
      this.isAsking = false
      if (this.signalingState === 'stable') this.onnegotiationneeded?.()
    })
  }
}
globalThis.RTCPeerConnection = Connection

/** Our own camera and microphone, as the lines see them. */
export const someLocal = () => ({ audio: new Track('audio'), video: new Track('video'), screen: null, stream: new Stream() })
