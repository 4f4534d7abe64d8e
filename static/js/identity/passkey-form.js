import { post } from '../core/post.js'

/**
 * A passkey ceremony behind one button: ask for options, let the device answer, send the answer.
 * @param {HTMLElement} form
 */
export function mount(form) {
  const go = /** @type {HTMLButtonElement} */ (form.querySelector('[data-part="go"]'))
  const problem = /** @type {HTMLElement} */ (form.querySelector('[data-part="problem"]'))
  const isEnrolment = form.dataset.kind === 'enrol'

  /** @param {string} name */
  const say = (name) => { problem.textContent = form.getAttribute(`data-text-${name}`) }

  const ceremony = async () => {
    problem.textContent = ''
    if (!globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON) return say('unknown')
    go.disabled = true
    try {
      const options = await (await post(form.dataset.optionsUrl ?? '')).json()
      const credential = isEnrolment
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })
      const answer = await post(
        form.dataset.finishUrl ?? '',
        /** @type {PublicKeyCredential} */ (credential).toJSON()
      )
      location.assign((await answer.json()).next)
    } catch (error) {
      say(error instanceof DOMException ? 'stopped' : 'refused')
    } finally {
      go.disabled = false
    }
  }

  go.addEventListener('click', ceremony)
  return () => go.removeEventListener('click', ceremony)
}
