import { Refused } from '../core/post.js'

/** Signs of T.140: take back one letter, begin a line, and "here something is missing". */
export const ERASE = '\b'
export const NEW_LINE = '\u2028'
export const MISSING = '\ufffd'
/** No more than this is pasted at once. */
export const LONGEST_PASTE = 500
const GATHER = 100
const MOST_AT_ONCE = 1_000
const RETRY = 1_000

/**
 * What has to be sent so that the reader sees the one text turn into the other.
 * @param {string} before
 * @param {string} after
 */
export function difference(before, after) {
  const [old, fresh] = [Array.from(before), Array.from(after)]
  let same = 0
  while (same < old.length && old[same] === fresh[same]) same++
  return ERASE.repeat(old.length - same) + fresh.slice(same).join('')
}

/**
 * Letters that stand still. A method of writing that composes (kana, an accent to come) shows drafts of its own, which
 * are no letters yet; a telephone calls every word a composition, and there each letter counts.
 * @param {string} composing
 */
export const isSettled = (composing) => /^[\p{Script=Latin}\p{N}\p{P}\s]*$/u.test(composing)

/**
 * What was pasted, cut to what a reader can follow.
 * @param {string} before
 * @param {string} after
 */
export function withinReason(before, after) {
  const change = Array.from(difference(before, after))
  const letters = change.filter((letter) => letter !== ERASE)
  const tooMany = letters.length - LONGEST_PASTE
  return tooMany > 0 ? Array.from(after).slice(0, -tooMany).join('') : after
}

/** @typedef {{ who: string, text: string, at: Date }} Line */

/**
 * What was written in a call, line by line, by whoever wrote it. Says `line` (with `line`) when one is finished and
 * `writing` (with `who`) when somebody changes the line they are at.
 */
export class Conversation extends EventTarget {
  /** @type {Line[]} */
  lines = []
  /** The line each person is at. @type {Map<string, string>} */
  writing = new Map()
  /** @type {Set<string>} */
  #broken = new Set()

  /**
   * @param {string} who
   * @param {string} text letters as they came
   */
  hear(who, text) {
    let line = this.writing.get(who) ?? ''
    if (this.#broken.delete(who)) line += MISSING
    for (const letter of text) {
      if (letter === NEW_LINE || letter === '\n') line = this.#finish(who, line)
      else if (letter === ERASE) line = Array.from(line).slice(0, -1).join('')
      else if (letter >= ' ') line += letter
    }
    this.#keep(who, line)
  }

  /**
   * The way by which their letters came has broken. What they were at is closed, and the mark says that some is missing.
   * @param {string} who
   */
  breakOff(who) {
    const line = this.writing.get(who)
    if (line) this.#keep(who, this.#finish(who, line + MISSING))
    else this.#broken.add(who)
  }

  /** They are at another window now: what they were at stays as it is. @param {string} who */
  turnPage(who) {
    this.#keep(who, this.#finish(who, this.writing.get(who) ?? ''))
  }

  get isEmpty() {
    return !this.lines.length && ![...this.writing.values()].some(Boolean)
  }

  /**
   * All of it as a text to keep.
   * @param {(who: string) => string} nameOf
   * @param {(at: Date) => string} timeOf
   */
  transcript(nameOf, timeOf) {
    const unfinished = [...this.writing].filter(([, text]) => text).map(([who, text]) => ({ who, text, at: new Date() }))
    return [...this.lines, ...unfinished].map(({ who, text, at }) => `[${timeOf(at)}] ${nameOf(who)}: ${text}\r\n`).join('')
  }

  /**
   * @param {string} who
   * @param {string} text
   */
  #finish(who, text) {
    if (!text) return ''
    const line = { who, text, at: new Date() }
    this.lines.push(line)
    this.dispatchEvent(Object.assign(new Event('line'), { line }))
    return ''
  }

  /**
   * @param {string} who
   * @param {string} text
   */
  #keep(who, text) {
    if ((this.writing.get(who) ?? '') === text) return
    this.writing.set(who, text)
    this.dispatchEvent(Object.assign(new Event('writing'), { who }))
  }
}

/**
 * How letters reach one reader now: at once by a line of their own, through the server, or not yet.
 * @typedef {{ isDirect: boolean, send: (text: string) => unknown | Promise<unknown> } | null} Way
 */

/**
 * Our own pen: the first letter leaves at once, those of the next tenth of a second together. Each reader gets all of
 * it once, by whatever way is open; what could not leave follows when a way opens.
 */
export class Pen {
  draft = ''
  /** @type {Map<string, { out: string, isBusy: boolean }>} */
  #boxes = new Map()
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer
  #restingUntil = 0

  /** @param {(reader: string) => Way} wayTo */
  constructor(wayTo) {
    this.wayTo = wayTo
  }

  /** Who reads now. Somebody new begins with the line we are at. @param {Iterable<string>} readers */
  readBy(readers) {
    const wanted = new Set(readers)
    for (const reader of this.#boxes.keys()) if (!wanted.has(reader)) this.#boxes.delete(reader)
    for (const reader of wanted) if (!this.#boxes.has(reader)) this.#boxes.set(reader, { out: this.draft, isBusy: false })
    this.#flush()
  }

  /** @param {string} draft the whole line as it is now */
  write(draft) {
    this.#add(difference(this.draft, draft))
    this.draft = draft
  }

  /** Begin another line. @returns {string} the one that is finished */
  endLine() {
    const line = this.draft
    this.#add(NEW_LINE)
    this.draft = ''
    return line
  }

  /** A way has opened: what waits may leave. */
  flush() {
    this.#flush()
  }

  /** The way to this reader broke, and nobody knows what still arrived: they get our line again. @param {string} reader */
  breakOff(reader) {
    const box = this.#boxes.get(reader)
    if (box && !box.out.includes(NEW_LINE)) box.out = this.draft
  }

  close() {
    clearTimeout(this.#timer)
    this.#boxes.clear()
  }

  /** @param {string} letters */
  #add(letters) {
    if (!letters) return
    for (const box of this.#boxes.values()) box.out += letters
    this.#flush()
  }

  #flush() {
    if (this.#restingUntil) return
    let isAnything = false
    for (const [reader, box] of this.#boxes) isAnything = this.#deliver(reader, box) || isAnything
    if (!isAnything) return
    this.#restingUntil = 1
    this.#timer = setTimeout(() => {
      this.#restingUntil = 0
      this.#flush()
    }, GATHER)
  }

  /**
   * @param {string} reader
   * @param {{ out: string, isBusy: boolean }} box
   */
  #deliver(reader, box) {
    const way = box.out && !box.isBusy && this.wayTo(reader)
    if (!way) return false
    const letters = Array.from(box.out)
    const text = letters.slice(0, MOST_AT_ONCE).join('')
    box.out = letters.slice(MOST_AT_ONCE).join('')
    if (way.isDirect) this.#hand(box, text, way)
    else this.#post(box, text, way)
    return true
  }

  /**
   * @param {{ out: string }} box
   * @param {string} text
   * @param {NonNullable<Way>} way
   */
  #hand(box, text, way) {
    try {
      way.send(text)
    } catch {
      box.out = text + box.out // the channel closed in this very moment
    }
  }

  /**
   * @param {{ out: string, isBusy: boolean }} box
   * @param {string} text
   * @param {NonNullable<Way>} way
   */
  async #post(box, text, way) {
    box.isBusy = true
    try {
      await way.send(text)
    } catch (error) {
      if (!(error instanceof Refused)) box.out = text + box.out
      await new Promise((resolve) => setTimeout(resolve, RETRY))
    }
    box.isBusy = false
    this.#flush()
  }
}
