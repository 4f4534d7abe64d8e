/** @typedef {'checking' | 'waiting' | 'ringing' | 'connecting' | 'talking' | 'unsteady' | 'lost' | 'back' | 'over'} State */
/** @typedef {import('./pair.js').Health} Health */

/**
 * From each state, the states a call may go to.
 * @type {Record<State, State[]>}
 */
const PATHS = {
  checking: ['waiting', 'ringing', 'connecting', 'over'],
  waiting: ['ringing', 'over'],
  ringing: ['waiting', 'connecting', 'over'],
  connecting: ['ringing', 'talking', 'unsteady', 'lost', 'over'],
  talking: ['connecting', 'unsteady', 'lost', 'over'],
  unsteady: ['connecting', 'back', 'lost', 'over'],
  lost: ['connecting', 'back', 'unsteady', 'over'],
  back: ['connecting', 'talking', 'unsteady', 'lost', 'over'],
  over: []
}

const INSIDE = ['connecting', 'talking', 'unsteady', 'lost', 'back']
const BROKEN = ['unsteady', 'lost']
const TURNS = ['called', 'in_service']
const WAITS = ['held', 'booked', 'waiting']

/**
 * With several people, the best line tells: the call goes on while somebody is heard.
 * @type {Health[]}
 */
const BEST_FIRST = ['talking', 'unsteady', 'connecting', 'lost']

/** A call as one person lives it, without a screen: it knows states and says when they change. */
export class Call extends EventTarget {
  /** @type {State} */
  state = 'checking'

  /** Why it is over: a status of the visit, `left`, `replaced` or `unsupported`. */
  reason = ''

  get isInside() {
    return INSIDE.includes(this.state)
  }

  /**
   * @param {State} next
   * @param {string} [reason]
   */
  go(next, reason = '') {
    if (next === this.state) return
    if (!PATHS[this.state].includes(next)) throw new Error(`a call cannot go from ${this.state} to ${next}`)
    this.state = next
    this.reason = reason
    this.dispatchEvent(new Event('change'))
  }

  /**
   * The visit changed. Who comes by invitation does not wait for a turn.
   * @param {string} status
   * @param {{ channel?: string, isInvited?: boolean }} [visit]
   */
  follow(status, { channel = '', isInvited = false } = {}) {
    if (this.state === 'over') return
    if (channel && channel !== 'video') this.go('over', 'phone')
    else if (isInvited && [...TURNS, ...WAITS].includes(status)) {
      if (!this.isInside) this.go('ringing')
    } else if (TURNS.includes(status)) {
      if (!this.isInside) this.go('ringing')
    } else if (WAITS.includes(status)) {
      if (!this.isInside) this.go('waiting')
    } else {
      this.go('over', status)
    }
  }

  /** The lines to the others changed. @param {Health[]} healths one for each person */
  feel(healths) {
    if (!this.isInside) return
    const best = BEST_FIRST.find((health) => healths.includes(health)) ?? 'connecting'
    if (best !== 'talking') this.go(best)
    else if (this.state !== 'back') this.go(BROKEN.includes(this.state) ? 'back' : 'talking')
  }

  /** That the line is back has been said for long enough. */
  settle() {
    if (this.state === 'back') this.go('talking')
  }
}
