import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { sha256 } from '../../static/js/acts/sha256.js'

const bytes = (text) => new TextEncoder().encode(text)
const node = (content) => createHash('sha256').update(content).digest('hex')

/** @param {...Uint8Array} pieces */
function digest(...pieces) {
  const sum = sha256()
  for (const piece of pieces) sum.add(piece)
  return sum.hex()
}

// The examples that come with FIPS 180-4, and the message of no bits.
for (const [text, expected] of [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'],
  ['abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu', 'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1']
]) {
  test(`the example of ${text.length} signs has its digest`, () => assert.equal(digest(bytes(text)), expected))
}

test('a million times the letter a has its digest, however it comes', () => {
  const expected = 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'
  const thousand = bytes('a'.repeat(1000))

  assert.equal(digest(bytes('a'.repeat(1_000_000))), expected)
  assert.equal(digest(...Array(1000).fill(thousand)), expected)
})

test('every length around the blocks is padded as it must be', () => {
  for (let length = 0; length <= 260; length++) {
    const content = Uint8Array.from({ length }, (_, at) => (at * 31 + length) & 255)
    assert.equal(digest(content), node(content), `${length} bytes`)
  }
})

test('where it is cut changes nothing, nor does a piece of nothing', () => {
  const content = Uint8Array.from({ length: 1000 }, (_, at) => (at * 7) & 255)
  const expected = node(content)

  for (const first of [0, 1, 55, 56, 63, 64, 65, 127, 128, 999, 1000]) {
    for (const second of [0, 1, 63, 64, 65]) {
      const cut = Math.min(1000, first + second)
      const pieces = [content.subarray(0, first), content.subarray(first, cut), new Uint8Array(0), content.subarray(cut)]
      assert.equal(digest(...pieces), expected, `cut at ${first} and ${cut}`)
    }
  }
})

test('a piece that begins in the middle of its memory is read from there', () => {
  const memory = Uint8Array.from({ length: 300 }, (_, at) => at & 255)

  assert.equal(digest(memory.subarray(3, 203)), node(memory.slice(3, 203)))
})

test('a film of many megabytes has the digest that others work out', () => {
  const piece = Uint8Array.from({ length: 1024 * 1024 + 13 }, (_, at) => (at * 2654435761) & 255)
  const [ours, theirs] = [sha256(), createHash('sha256')]

  for (let number = 0; number < 16; number++) {
    ours.add(piece)
    theirs.update(piece)
  }

  assert.equal(ours.hex(), theirs.digest('hex'))
})
