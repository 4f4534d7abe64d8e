const EVERY = 100
const QUIETEST = -60 // decibels below full scale: a silent room

/** How loud these samples are, from 0 (a silent room) to 100. @param {Float32Array} samples */
export function loudness(samples) {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  const decibels = 10 * Math.log10(sum / samples.length || 1e-12)
  return Math.max(0, Math.min(100, Math.round(100 * (1 - decibels / QUIETEST))))
}

/**
 * Tell ten times a second how loud a microphone is.
 * @param {MediaStream} stream
 * @param {(level: number) => void} tell
 * @returns {() => void} stop listening
 */
export function listen(stream, tell) {
  const context = new AudioContext()
  const analyser = new AnalyserNode(context, { fftSize: 1_024 })
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    tell(loudness(samples))
  }, EVERY)
  context.resume().catch(() => {})
  return () => {
    clearInterval(timer)
    if (context.state !== 'closed') context.close()
  }
}
