/**
 * How much picture a line carries. Sound comes first: a rung asks for less picture, the lowest for none.
 * `from` is what the line must carry for a rung, `bits` the most that its picture may take: more than the next
 * rung asks for, because a line that is never filled does not show what it could carry.
 */
export const RUNGS = [
  { name: 'sound', from: 0, bits: 0, height: 0, frames: 0 },
  { name: 'low', from: 150_000, bits: 220_000, height: 180, frames: 20 },
  { name: 'half', from: 250_000, bits: 500_000, height: 270, frames: 20 },
  { name: 'full', from: 600_000, bits: 1_000_000, height: 360, frames: 30 }
]
export const HIGHEST = RUNGS.length - 1
/** The rung of whoever spares data. */
export const SPARING = 1
export const SOUND = { usual: 40_000, least: 24_000 }

const SETTLING = 5_000
const DOWN_AFTER = 2_000
const UP_AFTER = 5_000
const TRY_AFTER = 20_000
const TRIAL = 6_000
const LONGEST_PATIENCE = 160_000
const MUCH_LOSS = 0.1
const SOME_LOSS = 0.03

/** @typedef {{ available?: number, loss?: number }} Weather bits a second that may leave, and the share that got lost */

/**
 * Climbs and descends, without a screen and without a clock of its own. It goes down when a line is too narrow for two
 * seconds, and up when it has been wide for five. A line that carries little does not tell how much it could carry,
 * so every twenty seconds one rung more is tried; what fails is tried more seldom.
 */
export class LineRule {
  rung = HIGHEST
  #narrowSince = NaN
  #wideSince = NaN
  #changedAt
  #triedAt = NaN
  #patience = TRY_AFTER

  /** @param {number} now */
  constructor(now) {
    this.startedAt = this.#changedAt = now
  }

  /**
   * @param {Weather} weather
   * @param {number} now
   * @param {number} [cap] the highest rung wanted
   * @returns {number} the rung to be on
   */
  judge({ available, loss = 0 }, now, cap = HIGHEST) {
    if (available === undefined) return Math.min(this.rung, cap)
    const carried = RUNGS.filter(({ from }) => from <= available).length - 1
    const isNarrow = carried < this.rung || (loss > MUCH_LOSS && this.rung > 0)
    this.#narrowSince = isNarrow ? this.#narrowSince || now : NaN
    this.#wideSince = carried > this.rung && loss < SOME_LOSS ? this.#wideSince || now : NaN
    if (isNarrow) this.#descend(carried, now)
    else if (this.rung < cap) this.#climb(loss, now)
    return Math.min(this.rung, cap)
  }

  /**
   * @param {number} carried
   * @param {number} now
   */
  #descend(carried, now) {
    const isOnTrial = now - this.#triedAt < TRIAL
    const isSettling = now - this.startedAt < SETTLING && carried > 0
    if (isSettling || isOnTrial || now - this.#narrowSince < DOWN_AFTER) return
    if (now - this.#triedAt < TRIAL * 2) this.#patience = Math.min(LONGEST_PATIENCE, this.#patience * 2)
    this.#go(Math.min(carried, this.rung - 1), now)
  }

  /**
   * @param {number} loss
   * @param {number} now
   */
  #climb(loss, now) {
    const isWide = now - this.#wideSince >= UP_AFTER && this.rung > 0
    const isTime = now - this.#changedAt >= this.#patience && loss < SOME_LOSS
    if (isWide) this.#patience = TRY_AFTER
    else if (isTime) this.#triedAt = now
    if (isWide || isTime) this.#go(this.rung + 1, now)
  }

  /**
   * @param {number} rung
   * @param {number} now
   */
  #go(rung, now) {
    this.rung = Math.max(0, rung)
    this.#changedAt = now
    this.#narrowSince = this.#wideSince = NaN
  }
}

/**
 * The line in bars, from none to four: what a person is told of it.
 * @param {{ rung: number, cap: number, loss: number, roundTrip: number }} line
 */
export function bars({ rung, cap, loss, roundTrip }) {
  if (rung === 0) return 1
  if (rung < Math.min(cap, 2) || loss >= 0.08 || roundTrip >= 0.8) return 2
  return rung < cap || loss >= 0.02 || roundTrip >= 0.3 ? 3 : 4
}

/**
 * Megabytes that a minute of talking with so many others takes, both ways, at the most.
 * @param {number} rung
 * @param {number} [others]
 */
export function megabytesEachMinute(rung, others = 1) {
  return Math.max(1, Math.round((2 * others * 60 * (RUNGS[rung].bits + SOUND.usual)) / 8e6))
}
