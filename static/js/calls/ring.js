const NOTES = [587, 740] // hertz: where older ears hear best
const EVERY = 5_000
const TIMES = 12

/**
 * Ring softly: two notes of one second, now and every five, where the browser allows sound.
 * @returns {() => void} silence
 */
export function ring() {
  if (navigator.userActivation?.hasBeenActive === false) return () => {}
  const context = new AudioContext()
  const strike = () => NOTES.forEach((note, index) => play(context, note, context.currentTime + index * 0.35))
  let left = TIMES
  const timer = setInterval(() => (left-- > 0 ? strike() : clearInterval(timer)), EVERY)
  context.resume().then(strike, () => {})
  navigator.vibrate?.([200, 100, 200])
  return () => {
    clearInterval(timer)
    if (context.state !== 'closed') context.close()
  }
}

/**
 * @param {AudioContext} context
 * @param {number} note
 * @param {number} at
 */
function play(context, note, at) {
  const tone = new OscillatorNode(context, { frequency: note })
  const loudness = new GainNode(context, { gain: 0 })
  loudness.gain.setValueAtTime(0, at)
  loudness.gain.linearRampToValueAtTime(0.15, at + 0.03)
  loudness.gain.exponentialRampToValueAtTime(0.001, at + 0.65)
  tone.connect(loudness).connect(context.destination)
  tone.start(at)
  tone.stop(at + 0.7)
}
