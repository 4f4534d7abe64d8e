import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ordered, sendable } from '../../static/js/calls/codecs.js'

const codecs = ['video/AV1', 'video/VP9', 'video/rtx', 'video/H264', 'video/VP8'].map((mimeType) => ({ mimeType }))
const names = (easy = []) => ordered(codecs, new Set(easy)).map(({ mimeType }) => mimeType.slice(6))

test('old telephones come first: what all of them can, then the others, then what mends', () => {
  assert.deepEqual(names(), ['VP8', 'H264', 'AV1', 'VP9', 'rtx'])
})

test('what the device does in hardware goes before what costs its battery', () => {
  assert.deepEqual(names(['video/H264']), ['H264', 'VP8', 'AV1', 'VP9', 'rtx'])
  assert.deepEqual(names(['video/VP9']), ['VP8', 'H264', 'VP9', 'AV1', 'rtx'])
})

test('we ask for speech that mends itself and for cheap silence, once', () => {
  const sdp = 'm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=fmtp:0 x=1\r\n'
  const sent = sendable({ type: 'offer', sdp })
  assert.match(sent.sdp, /^a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1\r$/m)
  assert.match(sent.sdp, /^a=fmtp:0 x=1\r$/m)
  assert.equal(sendable(sent).sdp, sent.sdp)
})

test('a description without our codec goes as it is', () => {
  assert.deepEqual(sendable({ type: 'answer', sdp: 'v=0' }), { type: 'answer', sdp: 'v=0' })
})
