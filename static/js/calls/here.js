/** @typedef {import('./room.js').Room} Room */
/** @typedef {import('../core/media.js').Devices} Devices */

/**
 * Somebody in the call, ourselves included.
 * @typedef {object} Face
 * @property {string} id
 * @property {string} role
 * @property {string} name as everybody sees it
 * @property {boolean} isOwn
 * @property {boolean} camera whether their camera is on
 * @property {boolean} microphone
 * @property {MediaStream | null} stream their voice and their picture
 * @property {MediaStream | null} screen the screen they share
 */
/** @typedef {{ conversation: import('./text.js').Conversation, nameOf: (who: string) => string }} Writing */

const TOPIC = /^[a-z][a-z-]{0,29}$/
const LONGEST = 16_000

/**
 * The call of this page, for pieces that stand beside it. Says `people` when there is somebody or something else to
 * show, `state` when the call goes to another state, `line` (with `who`, `name`, `text`, `at`, `isOwn`) when somebody
 * finished a line, `writing` (the same, without `at`) when they change the one they are at, `told` (with `topic`, `from`
 * and `data`) when the same piece of another browser told something, and `way` when somebody else can be told.
 */
export class CallHere extends EventTarget {
  #ownScreen = new MediaStream()

  /**
   * @param {object} parts
   * @param {string} parts.role ours
   * @param {import('./call.js').Call} parts.call
   * @param {Room} parts.room
   * @param {Devices} parts.devices
   * @param {(name: string) => string} parts.text
   */
  constructor({ role, call, room, devices, text }) {
    super()
    this.role = role
    this.call = call
    this.room = room
    this.devices = devices
    this.text = text
    for (const from of [room, devices]) from.addEventListener(from === room ? 'people' : 'change', () => this.#say('people'))
    call.addEventListener('change', () => this.#say('state'))
    room.addEventListener('way', () => this.#say('way'))
    room.addEventListener('told', (event) => this.#hear(/** @type {any} */ (event)))
  }

  /** Somebody writes, or wants to: from here on one hears of it. @param {Writing} written */
  follow({ conversation, nameOf }) {
    /** @param {string} who @param {string} words @param {object} [more] */
    const about = (who, words, more) => ({ who, name: nameOf(who), text: words, isOwn: who === this.role, ...more })
    conversation.addEventListener('line', (event) => {
      const { line } = /** @type {any} */ (event)
      this.#say('line', about(line.who, line.text, { at: line.at }))
    })
    conversation.addEventListener('writing', (event) => {
      const { who } = /** @type {any} */ (event)
      this.#say('writing', about(who, conversation.writing.get(who) ?? ''))
    })
  }

  get state() {
    return this.call.state
  }

  get isInside() {
    return this.call.isInside
  }

  /** Everybody who is inside, ourselves first. @returns {Face[]} */
  get people() {
    const others = [...this.room.people].map(([id, person]) => {
      const line = this.room.line(id)
      return { ...this.#face(person), stream: line?.stream ?? null, screen: person.screen ? (line?.screen ?? null) : null }
    })
    return this.room.own ? [{ ...this.#face(this.room.own), isOwn: true, ...this.#ownStreams() }, ...others] : others
  }

  /**
   * Tell the same piece in the other browsers, or in one of them. What cannot leave now is not kept: listen to `way`.
   * @param {string} topic a name of your own, like `papers`
   * @param {unknown} data what JSON can say, at most 16,000 signs
   * @param {string} [to] one person alone
   * @returns {string[]} whom it left for
   */
  tell(topic, data, to) {
    const message = JSON.stringify({ topic, data })
    if (!TOPIC.test(topic) || message.length > LONGEST) throw new RangeError(`${topic} cannot be told`)
    return [...this.room.people.keys()].filter((id) => (!to || id === to) && this.room.tell(id, message))
  }

  /** @param {import('./room.js').Person} person */
  #face({ id, role, name, camera, microphone }) {
    return { id, role, name: name || this.text(`role-${role}`), isOwn: false, camera, microphone }
  }

  #ownStreams() {
    const { stream, screen } = this.devices.local
    const [before] = this.#ownScreen.getTracks()
    if (before !== (screen ?? undefined)) this.#ownScreen = new MediaStream(screen ? [screen] : [])
    return { stream, screen: screen ? this.#ownScreen : null }
  }

  /** What another browser sends may be anything. @param {{ id: string, text: string }} message */
  #hear({ id, text }) {
    if (text.length > LONGEST) return
    try {
      const { topic, data } = JSON.parse(text)
      if (typeof topic === 'string' && TOPIC.test(topic)) this.#say('told', { topic, from: id, data })
    } catch {
      // not from a piece of ours
    }
  }

  /** @param {string} name @param {object} [details] */
  #say(name, details = {}) {
    this.dispatchEvent(Object.assign(new Event(name), details))
  }
}

/** @type {CallHere | null} */
let here = null
/** @type {Set<(call: CallHere) => void>} */
const waiting = new Set()

/**
 * Do something with the call of this page as soon as there is one, and with the next one if it is opened again.
 * @param {(call: CallHere) => void} act
 * @returns {() => void} do not do it any more
 */
export function withTheCall(act) {
  waiting.add(act)
  if (here) act(here)
  return () => waiting.delete(act)
}

/**
 * The call screen says which call there is.
 * @param {CallHere} call
 * @returns {() => void} there is none any more
 */
export function openHere(call) {
  here = call
  for (const act of waiting) act(call)
  return () => {
    if (here === call) here = null
  }
}
