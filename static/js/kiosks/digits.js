/**
 * What is typed with ten keys: only digits, no more than fit, shown in groups.
 */
export class Digits {
  /**
   * @param {number} most
   * @param {number[]} groups how many digits stand together, from the left
   * @param {string} [typed]
   */
  constructor(most, groups, typed = '') {
    this.most = most
    this.groups = groups
    this.typed = typed.replace(/\D/g, '').slice(0, most)
  }

  /** @param {string} digit */
  add(digit) {
    if (/^\d$/.test(digit) && this.typed.length < this.most) this.typed += digit
  }

  takeBack() {
    this.typed = this.typed.slice(0, -1)
  }

  get isFull() {
    return this.typed.length >= this.most
  }

  get shown() {
    const parts = []
    let rest = this.typed
    for (const size of this.groups) {
      if (!rest) break
      parts.push(rest.slice(0, size))
      rest = rest.slice(size)
    }
    return [...parts, rest].filter(Boolean).join(' ')
  }
}
