/** @typedef {'checking' | 'waiting' | 'ringing' | 'connecting' | 'talking' | 'unsteady' | 'lost' | 'over'} State */
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
  unsteady: ['connecting', 'talking', 'lost', 'over'],
  lost: ['connecting', 'talking', 'unsteady', 'over'],
  over: []
}

const INSIDE = ['connecting', 'talking', 'unsteady', 'lost']
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

  /** The visit changed. @param {string} status */
  follow(status) {
    if (this.state === 'over') return
    if (TURNS.includes(status)) {
      if (!this.isInside) this.go('ringing')
    } else if (WAITS.includes(status)) {
      if (!this.isInside) this.go('waiting')
    } else {
      this.go('over', status)
    }
  }

  /** The lines to the others changed. @param {Health[]} healths one for each person */
  feel(healths) {
    if (this.isInside) this.go(BEST_FIRST.find((health) => healths.includes(health)) ?? 'connecting')
  }
}
