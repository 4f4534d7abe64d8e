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

test('five seconds of silence restart the line even when the browser calls it connected', async (t) => {
  const pass = stopTheClock(t)
  const pair = await talkingPair()
  await pass(4_500)
  assert.equal(pair.connection.restarts, 0)
  await pass(1_000)
  assert.equal(pair.connection.restarts, 1)
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
