/** @typedef {(element: HTMLElement) => (() => void)} Mount what brings an element to life, and answers how to undo it */
/** @typedef {Record<string, () => Promise<{ mount: Mount }>>} Modules */

/** @type {Map<HTMLElement, () => void>} */
const undos = new Map()

/**
 * Bring every [data-module] to life once, and undo those that left the page.
 * htmx announces the clean-up only of elements it powers itself, so we look after each swap.
 * @param {Modules} modules
 */
export function mountAll(modules) {
  for (const [element, undo] of undos) {
    if (element.isConnected) continue
    undos.delete(element)
    undo()
  }
  for (const element of document.querySelectorAll('[data-module]')) {
    if (element instanceof HTMLElement && !undos.has(element)) mountOne(element, modules)
  }
}

/**
 * @param {HTMLElement} element
 * @param {Modules} modules
 */
async function mountOne(element, modules) {
  const load = modules[element.dataset.module ?? '']
  if (!load) return
  undos.set(element, () => {})
  const { mount } = await load()
  if (undos.has(element) && element.isConnected) undos.set(element, mount(element))
}
