import { chime } from '../core/chime.js'

const EVERY = 5_000
const TIMES = 12

/**
 * Ring softly: two notes of one second, now and every five, where the browser allows sound.
 * @returns {() => void} silence
 */
export function ring() {
  if (navigator.userActivation?.hasBeenActive === false) return () => {}
  const context = new AudioContext()
  const strike = () => chime(context)
  let left = TIMES
  const timer = setInterval(() => (left-- > 0 ? strike() : clearInterval(timer)), EVERY)
  context.resume().then(strike, () => {})
  navigator.vibrate?.([200, 100, 200])
  return () => {
    clearInterval(timer)
    if (context.state !== 'closed') context.close()
  }
}
