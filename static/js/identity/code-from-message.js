/**
 * @typedef {Credential & { code?: string }} MessageCode
 * @typedef {(options: object) => Promise<MessageCode | null>} Asking
 */

/**
 * On a telephone that can (Android), the code of the message is put into the field by itself: the message names our
 * page and no other. The person still presses the button. Elsewhere nothing happens: the field is for writing.
 * @param {HTMLElement} form
 */
export function mount(form) {
  const field = /** @type {HTMLInputElement | null} */ (form.querySelector('[autocomplete="one-time-code"]'))
  const enough = new AbortController()
  if (field && 'OTPCredential' in globalThis) listen(field, enough.signal)

  const stop = () => enough.abort()
  form.addEventListener('submit', stop)
  return () => {
    stop()
    form.removeEventListener('submit', stop)
  }
}

/**
 * @param {HTMLInputElement} field
 * @param {AbortSignal} signal
 */
async function listen(field, signal) {
  const ask = /** @type {Asking} */ (navigator.credentials.get.bind(navigator.credentials))
  try {
    const found = await ask({ otp: { transport: ['sms'] }, signal })
    if (!found?.code || field.value) return
    field.value = found.code
    field.form?.querySelector('button')?.focus()
  } catch {
    // Refused, not possible here, or no longer wanted: the field is still there.
  }
}
