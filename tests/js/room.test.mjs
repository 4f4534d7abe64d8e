import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Room } from '../../static/js/calls/room.js'
import { Connection, postOffice, settle, someLocal, Source, stopTheClock } from './street.mjs'

const anna = { id: 'p-anna', seat: 1, role: 'clerk', name: 'Anna', incarnation: 1, camera: true, microphone: true }
const maria = { id: 'p-maria', seat: 2, role: 'citizen', name: 'Maria', incarnation: 1, camera: true, microphone: true }
const marta = { id: 'p-marta', seat: 3, role: 'interpreter', name: 'Marta', incarnation: 1, camera: true, microphone: true }
const entryOf = (self, present, more = {}) => ({
  participant: self.id, seat: self.seat, incarnation: self.incarnation, is_inside: true, offered_to: null, ice_servers: [],
  media: { kind: 'mesh' }, status: 'in_service', roster: { version: 40, participants: present }, ...more
})
const pairOf = (room, id) => room.media.pairs.get(id)
const offersIn = (posted) => posted.flatMap(({ body }) => body.signals ?? []).filter(({ description }) => description)

/** Somebody in a room, and all that they posted. */
async function someoneInside(t, self, present, answer = () => undefined) {
  const pass = stopTheClock(t)
  const posted = postOffice(t, (letter, count) =>
    answer(letter, count) ?? (letter.body.event === 'join' ? { json: entryOf(self, present) } : letter.body.event ? { status: 204 } : {}))
  const room = new Room('/room', someLocal())
  await room.join()
  await settle()
  t.after(() => room.close())
  return { room, posted, pass }
}

test('before entering one only listens for the state of the visit', () => {
  const room = new Room('/room', someLocal())
  room.listen('7')
  assert.match(Source.last.url.href, /^https:\/\/vilaclara.test\/room\/stream\?window=[a-z0-9]{24}&after=7$/)
  Source.last.tell('state', { status: 'called', channel: 'video' }, 8)
  assert.deepEqual([room.status, room.channel], ['called', 'video'])
  room.close()
  assert.equal(Source.last.isOpen, false)
})

test('who arrives offers to everybody present, and listens from there on', async (t) => {
  const { room, posted } = await someoneInside(t, maria, [anna, maria])
  const { window, ...told } = posted[0].body
  assert.deepEqual(told, { camera: 'off', microphone: 'off', event: 'join' })
  assert.deepEqual(offersIn(posted).map(({ to, to_incarnation, seq, description }) => [to, to_incarnation, seq, description.type]), [['p-anna', 1, 1, 'offer']])
  assert.equal(Source.last.url.search, `?window=${window}`)
  assert.equal(pairOf(room, 'p-anna').options.polite, true)
})

test('who was there first waits for the offer and answers it', async (t) => {
  const { room, posted } = await someoneInside(t, anna, [anna])
  Source.last.tell('roster', { version: 41, participants: [anna, maria] }, 41)
  await settle()
  assert.equal(pairOf(room, 'p-maria').options.polite, false)
  assert.deepEqual(offersIn(posted), [])
  Source.last.tell('signal', { from: 'p-maria', incarnation: 1, to_incarnation: 1, seq: 1, description: { type: 'offer', sdp: 'audio,video' } }, 42)
  await settle()
  assert.deepEqual(offersIn(posted).map(({ to, description }) => [to, description.type]), [['p-maria', 'answer']])
})

test('a window opened again gets a new line, and signals of the old one are not heard', async (t) => {
  const { room } = await someoneInside(t, anna, [anna, maria])
  const old = pairOf(room, 'p-maria')
  Source.last.tell('roster', { version: 41, participants: [anna, { ...maria, incarnation: 2 }] }, 41)
  const fresh = pairOf(room, 'p-maria')
  assert.notEqual(fresh, old)
  assert.equal(old.connection.signalingState, 'closed')
  const heard = t.mock.method(fresh, 'receive')
  Source.last.tell('signal', { from: 'p-maria', incarnation: 1, to_incarnation: 1, seq: 9, candidates: [] }, 42)
  Source.last.tell('signal', { from: 'p-maria', incarnation: 2, to_incarnation: 7, seq: 1, candidates: [] }, 43)
  assert.equal(heard.mock.callCount(), 0)
  Source.last.tell('signal', { from: 'p-maria', incarnation: 2, to_incarnation: 1, seq: 1, candidates: [] }, 44)
  assert.equal(heard.mock.callCount(), 1)
})

test('an older list of people does not undo a newer one', async (t) => {
  const { room } = await someoneInside(t, anna, [anna, maria])
  Source.last.tell('roster', { version: 39, participants: [anna] }, 41)
  assert.deepEqual([...room.people.keys()], ['p-maria'])
})

test('who leaves is gone', async (t) => {
  const { room } = await someoneInside(t, anna, [anna, maria])
  Source.last.tell('roster', { version: 41, participants: [anna] }, 41)
  assert.equal(room.people.size + room.media.pairs.size, 0)
  assert.equal(Connection.all.at(-1).signalingState, 'closed')
})

test('camera and microphone are told when they change, the last word last', async (t) => {
  const { room, posted } = await someoneInside(t, anna, [anna])
  room.show({ camera: true, microphone: true })
  room.show({ camera: true, microphone: false })
  room.show({ camera: true, microphone: true })
  room.show({ camera: false, microphone: true })
  await settle()
  const told = posted.filter(({ body }) => body.event === 'state').map(({ body }) => [body.camera, body.microphone])
  assert.deepEqual(told, [['on', 'on'], ['off', 'on']])
})

test('signals that get lost are sent again with the same numbers', async (t) => {
  let failures = 2
  const { posted, pass } = await someoneInside(t, maria, [anna, maria], ({ body }) => {
    if (body.signals && failures-- > 0) throw new TypeError('network')
  })
  await pass(3_000)
  assert.deepEqual(posted.filter(({ body }) => body.signals).map(({ body }) => body.signals.map(({ seq }) => seq)), [[1], [1], [1]])
})

test('who is replaced by a newer window closes everything and says so', async (t) => {
  const { room } = await someoneInside(t, maria, [anna, maria])
  let byes = 0
  room.addEventListener('bye', () => byes++)
  Source.last.tell('bye', { reason: 'replaced' }, 41)
  assert.deepEqual([byes, room.farewell, room.media.pairs.size, Source.last.isOpen], [1, 'replaced', 0, false])
})

test('a refused signal of a replaced window says the same', async (t) => {
  const { room } = await someoneInside(t, maria, [anna, maria], ({ body }) => (body.signals ? { status: 409 } : undefined))
  assert.equal(room.farewell, 'replaced')
})

test('a door that is closed is said, not knocked at again', async (t) => {
  const { room, posted } = await someoneInside(t, maria, [], () => ({ status: 409, json: { error: 'Not yet.' } }))
  assert.deepEqual([room.farewell, room.sentence, posted.length], ['refused-409', 'Not yet.', 1])
})

test('a line that cannot be cured makes us enter again under a new number', async (t) => {
  let incarnation = 0
  const { room, posted } = await someoneInside(t, maria, [anna, maria], ({ body }) =>
    body.event === 'join' ? { json: entryOf({ ...maria, incarnation: ++incarnation }, [anna, maria]) } : undefined)
  pairOf(room, 'p-anna').dispatchEvent(new Event('dead'))
  await settle()
  assert.equal(posted.filter(({ body }) => body.event === 'join').length, 2)
  assert.deepEqual(posted.filter(({ body }) => body.signals).map(({ body }) => [body.incarnation, body.signals[0].seq]), [[1, 1], [2, 1]])
})

test('leaving is told by a beacon, which outlives the page', async (t) => {
  const { room } = await someoneInside(t, maria, [anna, maria])
  const beacons = []
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { sendBeacon: (url, form) => beacons.push([url, Object.fromEntries(form)]) } })
  room.leave()
  room.leave()
  assert.deepEqual(beacons, [['/room/presence', { csrf_token: 'the-token', event: 'leave', participant: 'p-maria', incarnation: '1' }]])
})

test('ending it for everybody answers where to go', async (t) => {
  const { room } = await someoneInside(t, anna, [anna], ({ url }) => (url === '/room/end' ? { json: { next: '/desk' } } : undefined))
  assert.equal(await room.end(), '/desk')
})

/** Somebody at whom it rings, with the line to the clerk made ready. */
async function someoneRinging(t, answer = () => undefined, local = someLocal()) {
  const pass = stopTheClock(t)
  const posted = postOffice(t, (letter) =>
    answer(letter) ?? (letter.body.event === 'join'
      ? { json: entryOf(maria, [anna], letter.body.ring ? { is_inside: false, offered_to: 'p-anna' } : {}) }
      : letter.body.event ? { status: 204 } : {}))
  const room = new Room('/room', local)
  t.after(() => room.close())
  room.listen('7')
  room.prepare(true)
  Source.last.tell('hello', { ice_servers: [{ urls: 'stun:stun.test' }] })
  await settle()
  await settle()
  return { room, posted, pass, local }
}
const sentBy = (pair) => pair.connection.getTransceivers().map(({ sender }) => sender.track?.kind)

test('while it rings the line is made ready, with an offer brought along, and nothing is shown', async (t) => {
  const { room, posted } = await someoneRinging(t)
  assert.deepEqual([posted[0].body.event, posted[0].body.ring, JSON.parse(posted[0].body.offer).type], ['join', 'on', 'offer'])
  assert.deepEqual(offersIn(posted), [])
  const pair = pairOf(room, 'p-anna')
  assert.deepEqual(pair.connection.configuration.iceServers, [{ urls: 'stun:stun.test' }])
  assert.deepEqual([room.isAtTheDoor, sentBy(pair)], [true, [undefined, undefined]])
  pair.connection.onicecandidate({ candidate: { toJSON: () => ({}) } })
  await settle()
  assert.deepEqual(posted.at(-1).body.signals.map(({ seq }) => seq), [2])
})

test('who comes in shows themselves and says so at once, before the server has answered', async (t) => {
  const { room, posted } = await someoneRinging(t, ({ body }) => (body.event === 'enter' ? new Promise(() => {}) : undefined))
  const pair = pairOf(room, 'p-anna')
  pair.connection.channels.forEach((channel) => channel.becomes('open'))
  room.join()
  await settle()
  assert.deepEqual([sentBy(pair), pair.door.sent, room.isAtTheDoor], [['audio', 'video'], ['in'], false])
  assert.equal(posted.at(-1).body.event, 'enter')
  assert.equal(pairOf(room, 'p-anna'), pair)
})

test('the clerk shows nothing to who rings until they come in', async (t) => {
  const { room } = await someoneInside(t, anna, [anna])
  Source.last.tell('roster', { version: 41, participants: [anna], door: [maria, marta] }, 41)
  Source.last.tell('signal', { from: 'p-maria', incarnation: 1, to_incarnation: 1, seq: 1, description: { type: 'offer', sdp: 'audio,video' } }, 42)
  await settle()
  const pair = pairOf(room, 'p-maria')
  assert.deepEqual([sentBy(pair), room.people.size, room.door.map(({ id }) => id)], [[undefined, undefined], 0, ['p-marta']])
  assert.equal(pairOf(room, 'p-marta'), undefined)
  pair.door.onmessage({ data: 'in' })
  assert.deepEqual(sentBy(pair), ['audio', 'video'])
  Source.last.tell('roster', { version: 43, participants: [anna, maria], door: [] }, 43)
  assert.deepEqual([pairOf(room, 'p-maria') === pair, room.people.size], [true, 1])
})

test('without that word, the list of people lets them be seen', async (t) => {
  const { room } = await someoneInside(t, anna, [anna])
  Source.last.tell('roster', { version: 41, participants: [anna], door: [maria] }, 41)
  Source.last.tell('signal', { from: 'p-maria', incarnation: 1, to_incarnation: 1, seq: 1, description: { type: 'offer', sdp: 'audio,video' } }, 42)
  await settle()
  Source.last.tell('roster', { version: 43, participants: [anna, maria], door: [] }, 43)
  assert.deepEqual(sentBy(pairOf(room, 'p-maria')), ['audio', 'video'])
})

test('a seat that another window took meanwhile is taken back on entering', async (t) => {
  const { room, posted } = await someoneRinging(t, ({ body }) => (body.event === 'enter' ? { status: 409 } : undefined))
  await room.join()
  assert.deepEqual(posted.filter(({ body }) => body.event).map(({ body }) => body.event), ['join', 'enter', 'join'])
  assert.equal(posted.at(-1).body.ring ?? posted.findLast(({ body }) => body.event === 'join').body.ring, undefined)
  assert.equal(room.farewell, '')
})

test('a ring that is refused is no farewell', async (t) => {
  const { room } = await someoneRinging(t, ({ body }) => (body.ring ? { status: 409 } : undefined))
  assert.equal(room.farewell, '')
  await room.join()
  assert.deepEqual([room.farewell, room.isAtTheDoor], ['', false])
})

test('who is put back in the waiting room is at the door no more', async (t) => {
  const { room, posted } = await someoneRinging(t)
  room.retreat()
  await settle()
  assert.deepEqual([posted.at(-1).body.event, room.media.pairs.size], ['leave', 0])
})

test('who is invited waits at the door and enters when let in', async (t) => {
  let isInside = false
  const { room, posted } = await someoneInside(t, marta, [anna, maria, marta], ({ body }) =>
    body.event === 'join' ? { json: entryOf(marta, [anna, maria, marta], isInside ? {} : { is_inside: false, roster: undefined }) } : undefined)
  assert.deepEqual([room.isAtTheDoor, room.people.size], [true, 0])
  isInside = true
  Source.last.tell('admitted', {}, 41)
  await settle()
  assert.deepEqual([room.isAtTheDoor, [...room.people.keys()]], [false, ['p-anna', 'p-maria']])
  assert.deepEqual(offersIn(posted).map(({ to }) => to), ['p-anna', 'p-maria'])
})

test('the clerk learns who is at the door, and lets in by one press', async (t) => {
  const { room, posted } = await someoneInside(t, anna, [anna])
  Source.last.tell('roster', { version: 41, participants: [anna], door: [marta] }, 41)
  assert.deepEqual(room.door.map(({ name }) => name), ['Marta'])
  await room.decide('p-marta', 'admit')
  assert.deepEqual([posted.at(-1).url, posted.at(-1).body], ['/room/people', { participant: 'p-marta', action: 'admit' }])
})

test('letters through the server are heard once, and our own not at all', async (t) => {
  const { room, posted } = await someoneInside(t, anna, [anna])
  const heard = []
  room.addEventListener('letters', ({ from, text }) => heard.push([from, text]))
  const letters = { from: 'citizen', window: 'w'.repeat(24), seq: 1, text: 'Bon dia' }
  Source.last.tell('text', letters, 41)
  Source.last.tell('text', letters, 42)
  Source.last.tell('text', { ...letters, from: 'clerk', window: posted[0].body.window }, 43)
  assert.deepEqual(heard, [['citizen', 'Bon dia']])
})

test('what was written before one came is heard on entering', async (t) => {
  const heard = []
  stopTheClock(t)
  postOffice(t, ({ body }) => (body.event === 'join' ? { json: entryOf(anna, [anna], { written: [{ from: 'citizen', window: 'w', seq: 1, text: 'Hola' }] }) } : {}))
  const room = new Room('/room', someLocal())
  t.after(() => room.close())
  room.addEventListener('letters', ({ text }) => heard.push(text))
  await room.join()
  assert.deepEqual(heard, ['Hola'])
})

test('another back end may stand behind the same room', async (t) => {
  const { room } = await someoneInside(t, maria, [anna, maria])
  const members = ['prepare', 'offer', 'begin', 'enter', 'see', 'hear', 'line', 'write', 'refreshTracks', 'restart', 'close']
  assert.deepEqual(members.filter((name) => typeof room.media[name] !== 'function'), [])
  assert.deepEqual(Object.keys(pairOf(room, 'p-anna').reading).includes('available'), true)
})

test('words for the relays are asked for anew before they end', async (t) => {
  const { room, pass } = await someoneInside(t, anna, [anna, maria])
  const source = Source.last
  const ends = (seconds) => [{ urls: 'turn:x', username: `${Math.floor(Date.now() / 1_000) + seconds}:p-anna` }]
  const renewed = t.mock.method(room.media, 'renew')

  source.tell('hello', { ice_servers: ends(60), ice_policy: 'all', media: { kind: 'mesh' } })
  assert.equal(renewed.mock.callCount(), 1)
  await pass(30_000)
  assert.equal(Source.last, source)
  source.tell('ping', {})
  await pass(20_000)

  assert.notEqual(Source.last, source)
})

test('a list of people that comes while one enters is not forgotten', async (t) => {
  stopTheClock(t)
  let answer
  postOffice(t, ({ body }) => (body.event === 'join' ? new Promise((done) => (answer = done)) : {}))
  const room = new Room('/room', someLocal())
  const joined = room.join()
  await settle()

  Source.last.tell('roster', { version: 41, participants: [anna, maria] }, 41)
  answer({ json: entryOf(anna, [anna]) })
  await joined
  await settle()

  assert.deepEqual([...room.people.keys()], ['p-maria'])
  room.close()
})

test('when the others go by another way, one enters again', async (t) => {
  const { room, posted } = await someoneInside(t, anna, [anna, maria])
  const before = room.media

  Source.last.tell('again', {}, 50)
  await settle()

  assert.equal(posted.filter(({ body }) => body.event === 'join').length, 2)
  assert.equal(room.media, before) // the same kind: begun anew
})
