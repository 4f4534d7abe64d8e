/** The voices of everybody who agreed, as one. While it rests there is silence. */
export class Mixer {
  #context = new AudioContext({ sampleRate: 48_000 })
  #gate = new GainNode(this.#context)
  #out = new MediaStreamAudioDestinationNode(this.#context, { channelCount: 1 })
  /** @type {Map<MediaStreamTrack, MediaStreamAudioSourceNode>} */
  #voices = new Map()

  constructor() {
    this.#gate.connect(this.#out)
    this.#context.resume().catch(() => {})
  }

  get stream() {
    return this.#out.stream
  }

  /** @param {(MediaStream | null)[]} streams */
  hear(streams) {
    const tracks = new Set(streams.flatMap((stream) => stream?.getAudioTracks() ?? []))
    for (const [track, voice] of this.#voices) {
      if (tracks.has(track)) continue
      voice.disconnect()
      this.#voices.delete(track)
    }
    for (const track of tracks) {
      if (this.#voices.has(track)) continue
      const voice = new MediaStreamAudioSourceNode(this.#context, { mediaStream: new MediaStream([track]) })
      voice.connect(this.#gate)
      this.#voices.set(track, voice)
    }
  }

  /** @param {boolean} isResting */
  rest(isResting) {
    this.#gate.gain.setValueAtTime(isResting ? 0 : 1, this.#context.currentTime)
  }

  close() {
    this.#context.close()
  }
}
