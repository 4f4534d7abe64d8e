/**
 * The text before the question, read aloud by a voice of this very device: one that lives elsewhere would hear what is
 * asked here. Without such a voice there is no button.
 * @param {HTMLElement} element
 */
export async function readAloud(element) {
  const button = element.querySelector('[data-part="listen"]')
  const read = element.querySelector('[data-part="read"]')
  if (!(button instanceof HTMLElement) || !(read instanceof HTMLElement)) return
  const voice = voiceFor(read.lang, await voices())
  if (!voice) return
  button.hidden = false
  button.onclick = () => {
    speechSynthesis.cancel()
    const spoken = new SpeechSynthesisUtterance(read.innerText)
    Object.assign(spoken, { voice, lang: voice.lang, rate: 0.9 })
    speechSynthesis.speak(spoken)
  }
}

/**
 * A voice of this device for that language. Valencian is read by a Catalan voice; Aranese by an Occitan one alone.
 * @param {string} language
 * @param {Pick<SpeechSynthesisVoice, 'lang' | 'localService'>[]} all
 */
export function voiceFor(language, all) {
  const wanted = language.toLowerCase().split('-')[0]
  return /** @type {SpeechSynthesisVoice | undefined} */ (
    all.find(({ lang, localService }) => localService && lang.toLowerCase().split(/[-_]/)[0] === wanted)
  )
}

/** They may come a moment after they are asked for. @returns {Promise<SpeechSynthesisVoice[]>} */
function voices() {
  const found = speechSynthesis.getVoices()
  if (found.length) return Promise.resolve(found)
  return new Promise((resolve) => {
    const done = () => resolve(speechSynthesis.getVoices())
    speechSynthesis.addEventListener('voiceschanged', done, { once: true })
    setTimeout(done, 2_000)
  })
}
