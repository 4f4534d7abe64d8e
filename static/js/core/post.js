const FIRST_WAIT = 300
const LONGEST_WAIT = 2_000
/** A network that changed loses what is under way: ask again soon at first, with more patience each time. */
const MORE_PATIENCE = 1.5
const LONGEST_TRY = 8_000

/** The server understood and said no: asking again would not help. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {Response} [answer]
   * @param {string} [sentence] what it said
   */
  constructor(status, answer, sentence = '') {
    super(`refused with ${status}`)
    this.status = status
    this.answer = answer
    this.sentence = sentence
  }
}

/** The token that shows that a form comes from one of our pages. */
export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.getAttribute('content') ?? ''
}

/**
 * POST and answer with the response. What the network or a server in trouble loses is sent again.
 * @param {string} url
 * @param {URLSearchParams | object} [body] parameters go as a form, anything else as JSON
 * @param {{ tries?: number, timeout?: number, signal?: AbortSignal }} [options]
 * @returns {Promise<Response>}
 */
export async function post(url, body = new URLSearchParams(), { tries = 5, timeout = 8_000, signal } = {}) {
  const isForm = body instanceof URLSearchParams
  const headers = { Accept: 'application/json', 'X-CSRFToken': csrfToken(), ...(isForm ? {} : { 'Content-Type': 'application/json' }) }
  const content = isForm ? body : JSON.stringify(body)
  for (let tried = 1; ; tried++) {
    signal?.throwIfAborted()
    const outcome = await attempt(url, { method: 'POST', headers, body: content }, Math.max(timeout, Math.min(LONGEST_TRY, timeout * MORE_PATIENCE ** (tried - 1))), signal)
    if (outcome instanceof Response && outcome.ok) return outcome
    const isFinal = outcome instanceof Response && outcome.status < 500 && outcome.status !== 429
    if (isFinal || tried >= tries) throw outcome instanceof Response ? await refusal(outcome) : outcome
    await pause(waitAfter(outcome, tried), signal)
  }
}

/** @param {Response} answer */
async function refusal(answer) {
  const { error = '' } = await answer.clone().json().catch(() => ({}))
  return new Refused(answer.status, answer, error)
}

/**
 * @param {string} url
 * @param {RequestInit} request
 * @param {number} timeout
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response | unknown>} the answer, or what went wrong on the way
 */
async function attempt(url, request, timeout, signal) {
  const ending = new AbortController()
  const end = () => ending.abort()
  const timer = setTimeout(end, timeout)
  signal?.addEventListener('abort', end)
  try {
    return await fetch(url, { ...request, signal: ending.signal })
  } catch (error) {
    return error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
  }
}

/**
 * @param {unknown} outcome
 * @param {number} tried
 */
function waitAfter(outcome, tried) {
  const asked = outcome instanceof Response && Number(outcome.headers.get('Retry-After'))
  return asked ? asked * 1_000 : jittered(Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tried - 1)))
}

/** So that a thousand browsers do not come back in the same instant. @param {number} wait */
export function jittered(wait) {
  return wait * (0.75 + Math.random() / 2)
}

/**
 * Wait, but no longer than until the network is back or nobody wants the answer.
 * @param {number} wait
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function pause(wait, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      removeEventListener('online', done)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, wait)
    addEventListener('online', done)
    signal?.addEventListener('abort', done)
  })
}
