const WRITTEN_IN = 'input:not([type="radio"], [type="checkbox"]), textarea, select, [contenteditable]'

/**
 * Which key was meant, if any: none with a modifier, none while somebody writes or a dialog is open.
 * @param {{ key: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean, isComposing?: boolean }} event
 * @param {{ matches: (selector: string) => boolean } | null} target
 * @param {boolean} isDialogOpen
 * @returns {string} the key in small letters, or nothing
 */
export function meant(event, target, isDialogOpen) {
  if (isDialogOpen || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return ''
  if (target?.matches(WRITTEN_IN)) return ''
  return event.key.length === 1 ? event.key.toLowerCase() : ''
}

/**
 * The next of some in order, from the one that is current; the first when none is.
 * @template T
 * @param {T[]} all
 * @param {T | undefined} current
 * @param {number} step 1 or -1
 * @returns {T | undefined}
 */
export function nextOf(all, current, step) {
  if (!all.length) return undefined
  const at = current === undefined ? -1 : all.indexOf(current)
  if (at < 0) return step > 0 ? all[0] : all[all.length - 1]
  return all[Math.min(Math.max(at + step, 0), all.length - 1)]
}
