/**
 * Tells the device which passkeys of this person the house still takes, so that it hides the others.
 * @param {HTMLElement} element
 */
export function mount(element) {
  const { rpId, handle, accepted = '' } = element.dataset
  const signal = /** @type {any} */ (globalThis.PublicKeyCredential)?.signalAllAcceptedCredentials
  signal
    ?.call(PublicKeyCredential, { rpId, userId: handle, allAcceptedCredentialIds: accepted.split(' ').filter(Boolean) })
    .catch(() => {}) // a device that cannot is as it was
  return () => {}
}
