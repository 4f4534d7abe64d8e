/**
 * Pieces that have not arrived yet, kept on this device until they have. They are closed with a key that only the house
 * can tell again, so that what lies here opens to nobody else.
 */

/** @typedef {import('./outbox.js').Piece} Piece */
/** @typedef {{ take: string, address: string, number: number, told: Omit<Piece, 'body'>, nonce: Uint8Array<ArrayBuffer>, closed: ArrayBuffer }} Kept */

const NAME = 'recordings'
const TABLE = 'pieces'

/** @param {string} digits sixty-four hexadecimal ones */
export async function keyFrom(digits) {
  const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))
  return crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1)
    asked.onupgradeneeded = () => asked.result.createObjectStore(TABLE, { keyPath: ['take', 'number'] })
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error)
  })
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(table: IDBObjectStore) => IDBRequest<T>} act
 * @returns {Promise<T>}
 */
async function ask(mode, act) {
  const base = await open()
  try {
    return await new Promise((resolve, reject) => {
      const asked = act(base.transaction(TABLE, mode).objectStore(TABLE))
      asked.onsuccess = () => resolve(asked.result)
      asked.onerror = () => reject(asked.error)
    })
  } finally {
    base.close()
  }
}

/** @param {string} take */
const all = (take) => IDBKeyRange.bound([take, 0], [take, Infinity])

/**
 * Where the pieces of one take wait.
 * @param {string} take
 * @param {string} address of the take at the house
 * @param {CryptoKey} key
 * @returns {import('./outbox.js').Shelf}
 */
export function shelfOf(take, address, key) {
  return {
    async put({ body, ...told }) {
      const nonce = crypto.getRandomValues(new Uint8Array(12))
      const closed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, body)
      await ask('readwrite', (table) => table.put({ take, address, number: told.number, told, nonce, closed }))
    },
    remove: (number) => ask('readwrite', (table) => table.delete([take, number]))
  }
}

/**
 * A take begins: until it is told how many pieces it has, its name lies here, whatever became of the pieces.
 * @param {string} take
 * @param {string} address
 */
export const remember = (take, address) => ask('readwrite', (table) => table.put({ take, address, number: 0 }))

/**
 * The takes of which pieces lie here, with their addresses.
 * @param {boolean} orNames those too of which nothing but the name does
 * @returns {Promise<Map<string, string>>}
 */
export async function leftBehind(orNames) {
  if (!globalThis.indexedDB) return new Map()
  const kept = /** @type {Kept[]} */ (await ask('readonly', (table) => table.getAll()).catch(() => []))
  return new Map(kept.filter(({ number }) => number || orNames).map(({ take, address }) => [take, address]))
}

/**
 * The pieces of a take after the one that the house has, in order.
 * @param {string} take
 * @param {CryptoKey} key
 * @param {number} after
 * @returns {Promise<Piece[]>}
 */
export async function piecesOf(take, key, after) {
  const kept = /** @type {Kept[]} */ (await ask('readonly', (table) => table.getAll(all(take))))
  const wanted = kept.filter(({ number }) => number > after)
  return Promise.all(
    wanted.map(async ({ told, nonce, closed }) => ({
      ...told,
      body: await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce }, key, closed)
    }))
  )
}

/** @param {string} take */
export const forget = (take) => ask('readwrite', (table) => table.delete(all(take)))
