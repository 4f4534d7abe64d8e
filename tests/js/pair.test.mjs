import assert from 'node:assert/strict'
import { test } from 'node:test'
import { offerOf, Pair, prepare } from '../../static/js/calls/pair.js'
import { Connection, settle, someLocal, stopTheClock } from './street.mjs'

const pairWith = (options) => new Pair({ polite: false, offers: false, iceServers: [], local: someLocal(), send: () => {}, isHeard: () => true, ...options })

/** Two pairs whose signals reach each other when told to. */
function twoPeople({ first = {}, second = {} } = {}) {
  const post = [[], []]
  const one = pairWith({ send: (content) => post[0].push(content), ...first })
  const two = pairWith({ polite: true, send: (content) => post[1].push(content), ...second })
  const deliver = async () => {
    for (let round = 0; round < 6; round++) {
      await settle()
      const [fromOne, fromTwo] = post.map((letters) => letters.splice(0))
      for (const content of fromOne) two.receive(content)
      for (const content of fromTwo) one.receive(content)
    }
    await settle()
  }
  return { one, two, post, deliver, close: () => [one, two].forEach((pair) => pair.close()) }
}

/** Only the one who begins, answered and connected. */
async function talkingPair(options) {
  const pair = pairWith({ offers: true, ...options })
  await settle()
  await pair.receive({ description: { type: 'answer', sdp: 'audio,video' } })
  pair.connection.becomes('connected')
  return pair
}

const tracksOf = ({ connection }) => connection.getTransceivers().map(({ sender, direction }) => [sender.track?.kind, direction])

test('who arrives offers, and both send sound and picture over the same two lines', async () => {
  const { one, two, deliver, close } = twoPeople({ second: { offers: true } })
  await deliver()
  for (const pair of [one, two]) {
    assert.equal(pair.connection.signalingState, 'stable')
    assert.deepEqual(tracksOf(pair), [['audio', 'sendrecv'], ['video', 'sendrecv']])
  }
  close()
})

test('when both offer, the polite one gives way and nobody offers twice', async () => {
  const { one, two, deliver, close } = twoPeople({ first: { offers: true }, second: { offers: true } })
  await deliver()
  assert.deepEqual([one.connection.rollbacks, two.connection.rollbacks], [0, 1])
  for (const pair of [one, two]) {
    assert.equal(pair.connection.signalingState, 'stable')
    assert.deepEqual(tracksOf(pair), [['audio', 'sendrecv'], ['video', 'sendrecv']])
  }
  close()
})

test('a connection made in advance brings its offer along, and what was found later follows', async () => {
  const local = someLocal()
  const iceServers = [{ urls: 'turn:turn.test' }]
  const prepared = await prepare({ ...local, audio: null, video: null }, iceServers)
  assert.equal(offerOf(prepared).type, 'offer')
  prepared.connection.onicecandidate({ candidate: { toJSON: () => ({ candidate: 'late' }) } })
  const sent = []
  const pair = pairWith({ offers: true, prepared, local, send: (content) => sent.push(content) })
  await settle()
  assert.deepEqual(prepared.connection.configuration.iceServers, iceServers)
  assert.deepEqual(sent, [{ candidates: [{ candidate: 'late' }] }])
  assert.deepEqual(tracksOf(pair), [['audio', 'sendrecv'], ['video', 'sendrecv']])
  pair.close()
})

test('candidates that arrive before the description are kept for it', async () => {
  const pair = pairWith({})
  await pair.receive({ candidates: [{ candidate: 'early' }] })
  assert.deepEqual(pair.connection.candidates, [])
  await pair.receive({ description: { type: 'offer', sdp: 'audio,video' } })
  assert.deepEqual(pair.connection.candidates, [{ candidate: 'early' }])
  pair.close()
})

test('what cannot be understood does not stop what follows', async (t) => {
  t.mock.method(console, 'warn', () => {})
  const pair = pairWith({})
  await pair.receive({ description: { type: 'answer', sdp: '' } })
  await pair.receive({ description: { type: 'offer', sdp: 'audio,video' } })
  assert.equal(pair.connection.signalingState, 'stable')
  pair.close()
})

test('another camera takes its place without negotiating again', async () => {
  const local = someLocal()
  const pair = await talkingPair({ local })
  local.video = null
  pair.refreshTracks()
  await settle()
  assert.deepEqual(tracksOf(pair), [['audio', 'sendrecv'], [undefined, 'sendrecv']])
  assert.equal(pair.connection.signalingState, 'stable')
  pair.close()
})

test('silence is unsteady after two seconds, lost after ten, and over with the first packet', async (t) => {
  const pass = stopTheClock(t)
  const pair = await talkingPair()
  const seen = []
  pair.addEventListener('health', () => seen.push(pair.health))
  assert.equal(pair.health, 'talking')
  await pass(1_500)
  assert.deepEqual(seen, [])
  await pass(1_000)
  assert.deepEqual(seen, ['unsteady'])
  await pass(8_000)
  assert.deepEqual(seen, ['unsteady', 'lost'])
  pair.connection.packets = 1
  await pass(500)
  assert.deepEqual(seen, ['unsteady', 'lost', 'talking'])
  pair.close()
})

test('nobody is missed who has switched off camera and microphone', async (t) => {
  const pass = stopTheClock(t)
  const pair = await talkingPair({ isHeard: () => false })
  await pass(12_000)
  assert.equal(pair.health, 'talking')
  pair.connection.becomes('disconnected')
  await pass(3_000)
  assert.equal(pair.health, 'unsteady')
  pair.close()
})

test('a line that fails is restarted at once, then with more and more patience', async (t) => {
  const pass = stopTheClock(t)
  const pair = await talkingPair()
  const at = []
  pair.addEventListener('mend', () => at.push(performance.now()))
  pair.connection.becomes('failed')
  await pass(14_500)
  assert.deepEqual(at, [0, 2_000, 6_000, 14_000])
  assert.equal(pair.connection.restarts, 4)
  pair.close()
})

test('a second and a half of silence restarts the line even when the browser calls it connected', async (t) => {
  const pass = stopTheClock(t)
  const pair = await talkingPair()
  await pass(1_000)
  assert.equal(pair.connection.restarts, 0)
  await pass(1_000)
  assert.equal(pair.connection.restarts, 1)
  pair.close()
})

test('words for the relays are renewed, and taken up at once where a relay carries the call', async (t) => {
  const pass = stopTheClock(t)
  const pair = await talkingPair()
  pair.renew([{ urls: 'turn:x', username: '1' }])
  assert.deepEqual(pair.connection.configuration.iceServers, [{ urls: 'turn:x', username: '1' }])
  assert.equal(pair.connection.restarts, 0)
  pair.reading = { ...pair.reading, isRelayed: true }
  pair.renew([{ urls: 'turn:x', username: '2' }])
  assert.equal(pair.connection.restarts, 1)
  await pass(500)
  pair.close()
})

for (const [polite, limit] of [[true, 15_000], [false, 25_000]]) {
  test(`the ${polite ? 'polite' : 'impolite'} side gives the line up after ${limit / 1_000} seconds without cure, once`, async (t) => {
    const pass = stopTheClock(t)
    const pair = await talkingPair({ polite })
    let deaths = 0
    pair.addEventListener('dead', () => deaths++)
    pair.connection.becomes('failed')
    await pass(limit - 500)
    assert.equal(deaths, 0)
    await pass(10_000)
    assert.equal(deaths, 1)
    pair.close()
  })
}

test('who was to be offered to and hears nothing offers after five seconds', async (t) => {
  const pass = stopTheClock(t)
  const sent = []
  const pair = pairWith({ send: (content) => sent.push(content) })
  await pass(5_000)
  assert.deepEqual(sent, [])
  await pass(1_000)
  assert.deepEqual(sent.map(({ description }) => description.type), ['offer'])
  pair.close()
})

test('a line that is closed is watched no more', async (t) => {
  const pass = stopTheClock(t)
  const pair = await talkingPair()
  pair.close()
  await pass(20_000)
  assert.equal(Connection.all.at(-1).restarts, 0)
  assert.equal(pair.health, 'talking')
})

/** What this line is told to send: [sound, picture]. */
const wishesOf = (pair) => pair.connection.getTransceivers().map(({ sender }) => sender.parameters?.encodings[0])
const lineCarries = (pair, available) => (pair.connection.stats = { way: { type: 'candidate-pair', nominated: true, state: 'succeeded', availableOutgoingBitrate: available } })

/** A pair to which packets keep coming. */
async function heardPair(t, options) {
  const pass = stopTheClock(t)
  const pair = await talkingPair(options)
  const tell = setInterval(() => pair.connection.packets++, 250)
  t.after(() => clearInterval(tell))
  return { pair, pass }
}

test('sound goes first, and a good line carries the whole picture', async (t) => {
  const { pair, pass } = await heardPair(t)
  lineCarries(pair, 900_000)
  await pass(3_000)
  const [sound, picture] = wishesOf(pair)
  assert.deepEqual([sound.priority, picture.priority], ['high', 'low'])
  assert.deepEqual([picture.active, picture.maxBitrate, picture.maxFramerate], [true, 1_000_000, 30])
  assert.equal(pair.connection.getTransceivers()[1].sender.parameters.degradationPreference, 'maintain-framerate')
  assert.equal(pair.bars, 4)
  pair.close()
})

test('below 150 kbit/s the picture stops, the sound stays, and the line says so', async (t) => {
  const { pair, pass } = await heardPair(t)
  lineCarries(pair, 100_000)
  await pass(9_000)
  const [sound, picture] = wishesOf(pair)
  assert.deepEqual([picture.active, sound.maxBitrate], [false, 24_000])
  assert.deepEqual([pair.isSparingPicture, pair.bars], [true, 1])
  lineCarries(pair, 900_000)
  await pass(60_000)
  assert.deepEqual([pair.isSparingPicture, wishesOf(pair)[1].active], [false, true])
  pair.close()
})

test('who spares data is sent little, whatever the line carries', async (t) => {
  const { pair, pass } = await heardPair(t, { cap: () => 1 })
  lineCarries(pair, 2_000_000)
  await pass(6_000)
  assert.deepEqual([wishesOf(pair)[1].maxBitrate, pair.bars], [220_000, 4])
  pair.close()
})

test('a picture that stands still while its camera is on is noticed', async (t) => {
  const { pair, pass } = await heardPair(t)
  pair.connection.stats = { picture: { type: 'inbound-rtp', kind: 'video', packetsReceived: 0, framesDecoded: 5 } }
  await pass(2_000)
  assert.equal(pair.isStill, false)
  await pass(4_000)
  assert.equal(pair.isStill, true)
  pair.connection.stats.picture.framesDecoded = 6
  await pass(500)
  assert.equal(pair.isStill, false)
  pair.close()
})

test('who speaks is known by their voice', async (t) => {
  const { pair, pass } = await heardPair(t)
  pair.connection.stats = { voice: { type: 'inbound-rtp', kind: 'audio', packetsReceived: 0, audioLevel: 0.3 } }
  await pass(1_000)
  assert.equal(pair.isSpeaking, true)
  pair.connection.stats.voice.audioLevel = 0.001
  await pass(1_000)
  assert.equal(pair.isSpeaking, false)
  pair.close()
})

test('a shared screen gets a line of its own once, and keeps it', async () => {
  const local = someLocal()
  const pair = await talkingPair({ local })
  local.screen = { kind: 'video', id: 'screen' }
  pair.refreshTracks()
  assert.equal(pair.connection.getTransceivers().length, 3)
  local.screen = null
  pair.refreshTracks()
  await settle()
  assert.equal(pair.connection.getTransceivers()[2].sender.track, null)
  local.screen = { kind: 'video', id: 'another' }
  pair.refreshTracks()
  assert.equal(pair.connection.getTransceivers().length, 3)
  pair.close()
})

test('letters go by a channel that both sides know, and are heard', async () => {
  const { one, two, deliver, close } = twoPeople({ second: { offers: true } })
  await deliver()
  const [channel] = two.connection.channels
  assert.deepEqual([channel.label, channel.protocol, channel.negotiated, channel.id, channel.ordered], ['t140', 't140', true, 1, true])
  assert.deepEqual(one.connection.channels.map(({ id }) => id), [1, 2, 3])
  const heard = []
  one.addEventListener('letters', ({ text }) => heard.push(text))
  one.channel.onmessage({ data: 'Hola' })
  one.channel.onmessage({ data: new ArrayBuffer(4) })
  assert.deepEqual(heard, ['Hola'])
  close()
})

test('a channel that breaks with its line says so, one that is closed in peace does not', async (t) => {
  const pass = stopTheClock(t)
  for (const [silence, breaks] of [[0, 0], [3_000, 1]]) {
    const pair = await talkingPair()
    pair.channel.becomes('open')
    let broken = 0
    pair.addEventListener('broken', () => broken++)
    await pass(silence)
    pair.channel.becomes('closed')
    assert.equal(broken, breaks)
    pair.close()
  }
})
