/**
 * What a person knows of a list that changes by itself. It knows no screen.
 * Says only that somebody came, never that somebody left: a voice that tells everything tells nothing.
 */
export class Waiting {
  /** @param {number} count */
  constructor(count) {
    this.count = count
  }

  /** @param {number} count how many wait now @returns {boolean} whether somebody has come */
  changes(count) {
    const came = count > this.count
    this.count = count
    return came
  }
}

/**
 * Where the focus goes when what had it is no longer there: the same person's name, else the heading.
 * @param {string} id of what had it: `call-x` or `arrived-x`
 * @returns {string[]} ids to be tried, in order
 */
export function insteadOf(id) {
  const code = id.split('-').slice(1).join('-')
  return [id, `open-${code}`, 'agenda-waiting']
}
