import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Captioner, captionIn, howToWrite } from '../../static/js/calls/captions.js'
import { settle, Track } from './street.mjs'

/** A browser's ear that answers as told, and every one that was made. */
function anEar(t, answer, { isLocal = true } = {}) {
  const made = []
  class Ear {
    static asked = []
    static async available(options) {
      Ear.asked.push(options)
      if (answer instanceof Error) throw answer
      return typeof answer === 'string' ? answer : (answer[options.langs[0]] ?? 'unavailable')
    }
    static fetched = []
    static async install(options) {
      Ear.fetched.push(options)
      if (answer.packs === false) return false
      answer[options.langs[0]] = 'available'
      return true
    }
    constructor() {
      made.push(this)
    }
    start(track) {
      this.started = { track, lang: this.lang, processLocally: this.processLocally }
    }
    abort() {
      this.isAborted = true
    }
    hears(transcript, isFinal = false) {
      this.onresult({ resultIndex: 0, results: [Object.assign([{ transcript }], { isFinal })] })
    }
  }
  if (isLocal) Ear.prototype.processLocally = false
  globalThis.SpeechRecognition = Ear
  t.after(() => delete globalThis.SpeechRecognition)
  return { made, Ear }
}

const microphone = new Track('audio')

test('a browser without such an ear offers nothing', async () => {
  assert.equal(await howToWrite('ca-ES'), null)
})

test('an ear that cannot promise to stay at home is never started', async (t) => {
  const { made, Ear } = anEar(t, 'available', { isLocal: false })
  const captioner = new Captioner('es-ES', () => microphone)

  await captioner.turnOn()

  assert.deepEqual([captioner.isOn, made.length, Ear.asked.length], [false, 0, 0])
})

for (const answer of ['unavailable', new Error('no')]) {
  test(`nothing starts when the language is ${answer.message ?? answer}`, async (t) => {
    const { made, Ear } = anEar(t, answer)
    const captioner = new Captioner('eu-ES', () => microphone)
    let ends = 0
    captioner.addEventListener('end', () => ends++)

    await captioner.turnOn()

    assert.deepEqual([captioner.isOn, made.length, ends], [false, 0, 1])
    assert.deepEqual(Ear.asked, [{ langs: ['eu-ES'], processLocally: true }])
    assert.deepEqual(Ear.fetched, [])
  })
}

test('a language is looked for under the name of its pack too, and always at home', async (t) => {
  const { Ear } = anEar(t, { 'ca-ES': 'available' })

  assert.deepEqual(await howToWrite('ca-valencia'), { lang: 'ca-ES', isHere: true })
  assert.equal(await howToWrite('oc'), null)
  assert.ok(Ear.asked.every(({ processLocally }) => processLocally === true))
})

test('under its older name the ear is the same', async (t) => {
  const { Ear } = anEar(t, 'available')
  globalThis.webkitSpeechRecognition = Ear
  delete globalThis.SpeechRecognition
  t.after(() => delete globalThis.webkitSpeechRecognition)

  assert.deepEqual(await howToWrite('es'), { lang: 'es', isHere: true })
})

test('a pack is fetched only when somebody wants captions, and then it listens at home', async (t) => {
  const { made, Ear } = anEar(t, { 'gl-ES': 'downloadable' })
  const captioner = new Captioner('gl', () => microphone)
  assert.deepEqual(await howToWrite('gl'), { lang: 'gl-ES', isHere: false })
  assert.deepEqual(Ear.fetched, [])

  await captioner.turnOn()

  assert.deepEqual(Ear.fetched, [{ langs: ['gl-ES'], processLocally: true }])
  assert.deepEqual(made[0].started, { track: microphone, lang: 'gl-ES', processLocally: true })
})

test('a pack that does not come ends it, and whoever changes their mind is not listened to', async (t) => {
  const { made } = anEar(t, { 'gl-ES': 'downloadable', packs: false })
  const captioner = new Captioner('gl', () => microphone)
  let ends = 0
  captioner.addEventListener('end', () => ends++)

  await captioner.turnOn()
  const wish = captioner.turnOn()
  captioner.turnOff()
  await wish

  assert.deepEqual([captioner.isOn, made.length, ends], [false, 0, 1])
})

test('what is said is written on this device, draft by draft', async (t) => {
  const { made } = anEar(t, 'available')
  const captioner = new Captioner('es-ES', () => microphone)
  const heard = []
  captioner.addEventListener('caption', ({ caption }) => heard.push(caption))
  await captioner.turnOn()

  made[0].hears('Buenos')
  made[0].hears('Buenos días', true)
  made[0].hears('   ')

  assert.deepEqual(made[0].started, { track: microphone, lang: 'es-ES', processLocally: true })
  assert.deepEqual(heard, [{ text: 'Buenos', isFinal: false }, { text: 'Buenos días', isFinal: true }])
})

test('nothing is heard while the microphone is off, nor after it is turned off', async (t) => {
  const { made } = anEar(t, 'available')
  let track = null
  const captioner = new Captioner('es-ES', () => track)
  await captioner.turnOn()
  assert.equal(made.length, 0)

  track = microphone
  captioner.follow()
  assert.equal(made.length, 1)
  track = null
  captioner.follow()
  assert.equal(made[0].isAborted, true)
  track = microphone
  captioner.follow()
  captioner.turnOff()
  assert.deepEqual([made.length, made[1].isAborted], [2, true])
})

test('an ear that tires begins again, one that may not listen does not', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { made } = anEar(t, 'available')
  const captioner = new Captioner('es-ES', () => microphone)
  await captioner.turnOn()

  made[0].onend()
  t.mock.timers.tick(500)
  await settle()
  assert.equal(made.length, 2)
  made[1].onerror({ error: 'service-not-allowed' })
  t.mock.timers.tick(5_000)
  assert.deepEqual([captioner.isOn, made.length], [false, 2])
})

test('what another browser sends is a caption or nothing', () => {
  assert.deepEqual(captionIn({ text: 'Hola', isFinal: 1 }), { text: 'Hola', isFinal: false })
  for (const odd of [null, 3, 'Hola', {}, { text: '' }, { text: 3 }, { text: 'x'.repeat(301) }]) assert.equal(captionIn(odd), null)
})
