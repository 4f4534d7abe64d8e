/**
 * What brings an element to life, by its data-module. A file is loaded only where it is needed.
 * @type {import('./core/mount.js').Modules}
 */
const MODULES = {
  'call-screen': () => import('./calls/call-screen.js'),
  'code-from-message': () => import('./identity/code-from-message.js'),
  'passkey-form': () => import('./identity/passkey-form.js'),
  'print-button': () => import('./portal/print-button.js'),
  'send-again': () => import('./identity/send-again.js'),
  'timeout-dialog': () => import('./ui/timeout-dialog.js')
}

/** @type {Promise<typeof import('./core/mount.js')> | undefined} */
let mounting
/** @type {HTMLElement | null} */
let summary = null

/** @param {Event} [swap] */
function refresh(swap) {
  const found = document.getElementById('error-summary')
  if (found && (found !== summary || /** @type {Node} */ (swap?.target).contains(found))) found.focus()
  summary = found
  if (document.querySelector('[data-module]')) mounting ??= import('./core/mount.js')
  mounting?.then(({ mountAll }) => mountAll(MODULES))
}

document.addEventListener('htmx:after:swap', refresh)
refresh()
