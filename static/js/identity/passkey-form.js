import { post, Refused } from '../core/post.js'

/** A challenge lives for five minutes; the offer in the field is renewed before that. */
const RENEWED = 4 * 60_000

/**
 * A passkey ceremony behind one button: ask for options, let the device answer, send the answer.
 * With data-conditional the device also offers it in the field that is marked with webauthn.
 * @param {HTMLElement} form
 */
export function mount(form) {
  const go = /** @type {HTMLButtonElement} */ (form.querySelector('[data-part="go"]'))
  const problem = /** @type {HTMLElement} */ (form.querySelector('[data-part="problem"]'))
  const isEnrolment = form.dataset.kind === 'enrol'
  /** @type {AbortController | undefined} */
  let offer
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let renewal

  /** @param {string | null} text */
  const say = (text) => { problem.textContent = text }
  /** @param {string} name */
  const text = (name) => form.getAttribute(`data-text-${name}`)

  /** @param {CredentialRequestOptions} [how] */
  const answered = async (how = {}) => {
    const options = await (await post(form.dataset.optionsUrl ?? '')).json()
    const credential = isEnrolment
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ ...how, publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })
    const key = /** @type {PublicKeyCredential} */ (credential)
    try {
      const answer = await post(form.dataset.finishUrl ?? '', key.toJSON())
      location.assign((await answer.json()).next)
    } catch (error) {
      throw await explained(error, options.rpId, key.id)
    }
  }

  const ceremony = async () => {
    say('')
    withdraw()
    if (!globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON) return say(text('unknown'))
    go.disabled = true
    try {
      await answered()
    } catch (error) {
      const spoken = await explained(error)
      if (!(spoken instanceof DOMException)) return say(spoken.message || text('refused'))
      say(text(spoken.name === 'InvalidStateError' ? 'known' : 'stopped'))
    } finally {
      go.disabled = false
      if (problem.textContent) offerInTheField()
    }
  }

  const withdraw = () => {
    clearTimeout(renewal)
    offer?.abort()
    offer = undefined
  }

  const offerInTheField = async () => {
    withdraw()
    const isPossible = await globalThis.PublicKeyCredential?.isConditionalMediationAvailable?.()
    if (!('conditional' in form.dataset) || !isPossible || !form.isConnected) return
    offer = new AbortController()
    renewal = setTimeout(offerInTheField, RENEWED)
    const { signal } = offer
    try {
      await answered({ mediation: 'conditional', signal })
    } catch (error) {
      if (!signal.aborted && !(error instanceof DOMException)) say(/** @type {Error} */ (error).message || text('refused'))
    }
  }

  go.addEventListener('click', ceremony)
  offerInTheField()
  return () => {
    withdraw()
    go.removeEventListener('click', ceremony)
  }
}

/**
 * What the house says of a refusal. A passkey that it does not know is one that the device may forget.
 * @param {unknown} error
 * @param {string} [rpId]
 * @param {string} [credentialId]
 * @returns {Promise<Error | DOMException>}
 */
async function explained(error, rpId, credentialId) {
  if (!(error instanceof Refused)) return /** @type {Error} */ (error)
  const said = await error.answer?.clone().json().catch(() => null)
  const signal = /** @type {any} */ (globalThis.PublicKeyCredential)?.signalUnknownCredential
  if (said?.unknown && rpId && credentialId && signal) {
    await signal.call(PublicKeyCredential, { rpId, credentialId }).catch(() => {})
  }
  return new Error(said?.error ?? '')
}
