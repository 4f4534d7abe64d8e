/** @typedef {{ page: number, left: number, top: number, width: number, height: number }} Mark */
/**
 * What both look at, as the server tells it.
 * @typedef {object} State
 * @property {string} paper
 * @property {string} by which side shows
 * @property {number} page
 * @property {number} zoom per cent
 * @property {number} left the middle of what is seen, from 0 to 1
 * @property {number} top
 * @property {Mark[]} marks
 * @property {string} said
 * @property {number} version
 */
/** @typedef {Pick<State, 'page' | 'zoom' | 'left' | 'top'>} View */

const FARTHEST = 100
const NEAREST = 400
const STEP = 50
const LEAST = 0.02 // smaller is a press and no mark
const BAND = { width: 0.3, height: 0.035 }

/** One paper before two people, without a screen: who shows, who follows, and what each of them sees. */
export class Look extends EventTarget {
  isFollowing = true

  /**
   * @param {string} side ours
   * @param {number} pages
   * @param {State} state
   */
  constructor(side, pages, state) {
    super()
    this.side = side
    this.pages = pages
    this.state = state
    /** @type {View} */
    this.view = viewOf(state)
  }

  /** Whether we turn the pages for both. */
  get isShowing() {
    return this.state.by === this.side
  }

  get who() {
    if (this.isShowing) return 'mine'
    return this.isFollowing ? 'theirs' : 'alone'
  }

  /** @param {State} state */
  hear(state) {
    if (state.version < this.state.version) return
    // Whoever shows, or begins to, knows better than the server what they look at; and whoever goes on showing, what they
    // marked: what comes back from the server is older than the mark that was made meanwhile.
    const goesOn = this.isShowing && state.by === this.side && state.paper === this.state.paper
    this.state = goesOn ? { ...state, marks: this.state.marks } : state
    if (this.isShowing) this.isFollowing = true
    else if (this.isFollowing) this.view = viewOf(state)
    this.#say('change')
  }

  /** How the other one looks right now, before the server has said so. @param {Partial<View>} view */
  glimpse(view) {
    if (this.isShowing || !this.isFollowing) return
    this.view = bounded({ ...this.view, ...view }, this.pages)
    this.#say('change')
  }

  /** @param {Partial<View>} view */
  go(view) {
    if (!this.isShowing) this.isFollowing = false
    this.view = bounded({ ...this.view, ...view }, this.pages)
    this.#say('change')
    if (this.isShowing) this.#say('shown')
  }

  /** @param {number} pages forwards, or backwards */
  turn(pages) {
    this.go({ page: this.view.page + pages, left: 0.5, top: 0 })
  }

  /** @param {number} steps nearer, or farther */
  near(steps) {
    this.go({ zoom: this.view.zoom + steps * STEP })
  }

  get canGo() {
    const { page, zoom } = this.view
    return { before: page > 1, after: page < this.pages, nearer: zoom < NEAREST, farther: zoom > FARTHEST }
  }

  follow() {
    this.isFollowing = true
    this.view = viewOf(this.state)
    this.#say('change')
  }

  /** A mark between two places of this page; a press makes a band around it. @param {{ x: number, y: number }} from @param {{ x: number, y: number }} to */
  mark(from, to) {
    const isPress = Math.abs(from.x - to.x) < LEAST && Math.abs(from.y - to.y) < LEAST
    const place = isPress
      ? { left: from.x - BAND.width / 2, top: from.y - BAND.height / 2, ...BAND }
      : { left: Math.min(from.x, to.x), top: Math.min(from.y, to.y), width: Math.abs(from.x - to.x), height: Math.abs(from.y - to.y) }
    const left = Math.min(Math.max(place.left, 0), 1)
    const top = Math.min(Math.max(place.top, 0), 1)
    const mark = { page: this.view.page, left, top, width: Math.min(place.width, 1 - left), height: Math.min(place.height, 1 - top) }
    this.#remark([...this.state.marks, mark].slice(-24))
  }

  unmark() {
    this.#remark(this.state.marks.slice(0, -1))
  }

  /** @param {Mark[]} marks */
  #remark(marks) {
    this.state = { ...this.state, marks }
    this.#say('change')
    this.#say('marked')
  }

  get marksHere() {
    return this.state.marks.filter(({ page }) => page === this.view.page)
  }

  /** @param {string} name */
  #say(name) {
    this.dispatchEvent(new Event(name))
  }
}

/** @param {State} state @returns {View} */
function viewOf({ page, zoom, left, top }) {
  return { page, zoom, left, top }
}

/** @param {View} view @param {number} pages @returns {View} */
function bounded({ page, zoom, left, top }, pages) {
  /** @param {number} value @param {number} least @param {number} most */
  const within = (value, least, most) => Math.min(Math.max(Number(value) || 0, least), most)
  return { page: Math.round(within(page, 1, pages)), zoom: within(zoom, FARTHEST, NEAREST), left: within(left, 0, 1), top: within(top, 0, 1) }
}
