import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { settle } from './street.mjs'

class Element {
  isConnected = true
  constructor(module) {
    this.dataset = { module }
  }
}
globalThis.HTMLElement = Element

const { mountAll } = await import('../../static/js/core/mount.js')

let page = []
let undone = 0
let mounted = []
const modules = { thing: async () => ({ mount: (element) => (mounted.push(element), () => undone++) }) }

const look = async () => {
  globalThis.document = { querySelectorAll: () => page.filter(({ isConnected }) => isConnected) }
  mountAll(modules)
  await settle()
}

beforeEach(async () => {
  for (const element of page) element.isConnected = false
  await look()
  page = []
  mounted = []
  undone = 0
})

test('each element is brought to life once', async () => {
  page = [new Element('thing'), new Element('thing')]
  await look()
  await look()
  assert.equal(mounted.length, 2)
})

test('what has left the page is undone once', async () => {
  page = [new Element('thing')]
  await look()
  page[0].isConnected = false
  await look()
  await look()
  assert.equal(undone, 1)
})

test('what leaves while its file is on the way is never brought to life', async () => {
  page = [new Element('thing')]
  const looking = look()
  page[0].isConnected = false
  await looking
  assert.equal(mounted.length, 0)
})

test('an unknown module is left alone', async () => {
  page = [new Element('unheard-of')]
  await look()
  assert.equal(mounted.length, 0)
})
