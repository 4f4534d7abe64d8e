import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Devices, troubleOf } from '../../static/js/core/media.js'
import { settle, Stream, Track } from './street.mjs'

const fail = (name) => {
  throw new DOMException('no', name)
}

/** A browser with these devices; each is a name of an error when it cannot be had. */
function browserWith({ camera = '', microphone = '', permission } = {}) {
  const asked = []
  const mediaDevices = new EventTarget()
  mediaDevices.getUserMedia = async ({ video, audio }) => {
    asked.push([video && 'camera', audio && 'microphone'].filter(Boolean).join('+'))
    if (video && camera) fail(camera)
    if (audio && microphone) fail(microphone)
    return new Stream([...(audio ? [new Track('audio')] : []), ...(video ? [new Track('video')] : [])])
  }
  const permissions = { query: async ({ name }) => (permission ? { state: permission[name] } : fail('TypeError')) }
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { mediaDevices, permissions } })
  return {
    asked,
    plugIn: async (device) => {
      if (device === 'camera') camera = ''
      mediaDevices.dispatchEvent(new Event('devicechange'))
      await settle()
    }
  }
}

const open = async () => {
  const devices = new Devices()
  await devices.open()
  return devices
}

test('camera and microphone are asked for in one question', async () => {
  const { asked } = browserWith()
  const devices = await open()
  assert.deepEqual(asked, ['camera+microphone'])
  assert.deepEqual([devices.isOn('camera'), devices.isOn('microphone'), devices.troubles], [true, true, {}])
})

test('without a camera one goes on with the microphone', async () => {
  browserWith({ camera: 'NotFoundError' })
  const devices = await open()
  assert.deepEqual([devices.isOn('camera'), devices.isOn('microphone')], [false, true])
  assert.deepEqual(devices.troubles, { camera: 'missing' })
})

test('with neither, each says why', async () => {
  browserWith({ camera: 'NotAllowedError', microphone: 'NotReadableError' })
  const devices = await open()
  assert.deepEqual(devices.troubles, { camera: 'refused', microphone: 'busy' })
})

test('every name of an error is one of four reasons', () => {
  const reasons = ['NotAllowedError', 'NotFoundError', 'OverconstrainedError', 'NotReadableError', 'AbortError'].map((name) => troubleOf(new DOMException('', name)))
  assert.deepEqual(reasons, ['refused', 'missing', 'missing', 'busy', 'busy'])
  assert.equal(troubleOf(new TypeError('no getUserMedia')), 'unsupported')
})

test('a microphone switched off stays ours, a camera is let go', async () => {
  const { asked } = browserWith()
  const devices = await open()
  const { audio, video } = devices.local
  await devices.turn('microphone', false)
  await devices.turn('camera', false)
  assert.deepEqual([audio.readyState, audio.enabled, video.readyState], ['live', false, 'ended'])
  assert.deepEqual([devices.isOn('camera'), devices.isOn('microphone')], [false, false])
  await devices.turn('camera', true)
  await devices.turn('microphone', true)
  assert.deepEqual([devices.isOn('camera'), devices.isOn('microphone'), asked.length], [true, true, 2])
})

test('a camera that is unplugged is said, and taken up again when it is back', async () => {
  const street = browserWith()
  const devices = await open()
  let changes = 0
  devices.addEventListener('change', () => changes++)
  devices.local.video.onended()
  assert.deepEqual([devices.troubles, devices.isOn('camera'), changes], [{ camera: 'missing' }, false, 1])
  await street.plugIn('camera')
  assert.deepEqual([devices.troubles, devices.isOn('camera')], [{}, true])
})

test('while nobody can look the camera rests and the voice goes on, and it is back on return', async () => {
  const { asked } = browserWith()
  const devices = await open()
  const { audio, video } = devices.local

  devices.rest()

  assert.deepEqual([video.readyState, devices.isOn('camera'), devices.local.audio], ['ended', false, audio])
  assert.equal(audio.readyState, 'live')
  await devices.recover()
  assert.deepEqual([devices.isOn('camera'), devices.isOn('microphone')], [true, true])
  assert.deepEqual(asked.slice(1), ['camera'])
})

test('what a telephone took while it was locked is taken up again, and what was off stays off', async () => {
  const { asked } = browserWith()
  const devices = await open()
  await devices.turn('camera', false)
  const { audio } = devices.local

  audio.readyState = 'ended'
  await devices.recover()

  assert.notEqual(devices.local.audio, audio)
  assert.deepEqual([devices.isOn('camera'), devices.isOn('microphone')], [false, true])
  assert.deepEqual(asked.slice(1), ['microphone'])
})

test('a camera that was switched off is not switched on by a new device', async () => {
  const street = browserWith()
  const devices = await open()
  await devices.turn('camera', false)
  await street.plugIn('headphones')
  assert.equal(devices.isOn('camera'), false)
})

test('who refused is not asked again by a new device', async () => {
  const street = browserWith({ camera: 'NotAllowedError' })
  await open()
  const before = street.asked.length
  await street.plugIn('headphones')
  assert.equal(street.asked.length, before)
})

test('nothing is opened by itself unless both are already allowed', async () => {
  browserWith({ permission: { camera: 'granted', microphone: 'granted' } })
  assert.equal(await new Devices().areAllowed(), true)
  browserWith({ permission: { camera: 'granted', microphone: 'prompt' } })
  assert.equal(await new Devices().areAllowed(), false)
  browserWith()
  assert.equal(await new Devices().areAllowed(), false)
})

test('closing leaves no light on', async () => {
  browserWith()
  const devices = await open()
  const { audio, video } = devices.local
  devices.close()
  assert.deepEqual([audio.readyState, video.readyState, devices.local.stream.getTracks()], ['ended', 'ended', []])
})
