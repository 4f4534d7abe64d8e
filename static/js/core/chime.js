const NOTES = [587, 740] // hertz: where older ears hear best

/** Two soft notes of one second. @param {AudioContext} context */
export function chime(context) {
  NOTES.forEach((note, index) => strike(context, note, context.currentTime + index * 0.35))
}

/**
 * @param {AudioContext} context
 * @param {number} note
 * @param {number} at
 */
function strike(context, note, at) {
  const tone = new OscillatorNode(context, { frequency: note })
  const loudness = new GainNode(context, { gain: 0 })
  loudness.gain.setValueAtTime(0, at)
  loudness.gain.linearRampToValueAtTime(0.15, at + 0.03)
  loudness.gain.exponentialRampToValueAtTime(0.001, at + 0.65)
  tone.connect(loudness).connect(context.destination)
  tone.start(at)
  tone.stop(at + 0.7)
}
