/**
 * A real provider of identities on loopback: npm's oidc-provider, certified by the OpenID Foundation.
 * Only what it leaves to whoever runs it is written here: who the people are, and the page that asks.
 *
 * node provider.mjs <port> <redirect> [<redirect>…]   prints "ready" when it listens.
 * `/valid/…` speaks as VALid does, with codes and tokens made by the same provider.
 */
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const [, , port, ...redirects] = process.argv
const issuer = `http://127.0.0.1:${port}`
const PEOPLE = {
  miren: { name: 'Miren Agirre Etxeberria', document_number: '00000000T', document_kind: 'dni', acr: 'substantial' },
  xoan: { name: 'Xoán Rei Castro', document_number: '00000001R', document_kind: 'dni', acr: 'http://eidas.europa.eu/LoA/high' },
  aina: { name: 'Aina Low', document_number: 'X0000000T', document_kind: 'nie', acr: 'low' },
  nobody: { acr: 'substantial' },
  odd: { name: 'Odd Level', document_number: '00000002W', acr: 'gold' }
}
const secrets = { client_secret: 'a secret of at least thirty-two letters', redirect_uris: redirects }

const provider = new Provider(issuer, {
  clients: [
    { client_id: 'ventanilla', ...secrets },
    { client_id: 'ventanilla-hasty', ...secrets },
    { client_id: 'ventanilla-valid', token_endpoint_auth_method: 'client_secret_post', ...secrets }
  ],
  claims: { openid: ['sub', 'acr'], profile: ['name', 'document_number', 'document_kind'] },
  scopes: ['openid', 'profile', 'autenticacio_usuari'],
  acrValues: ['low', 'substantial', 'high'],
  pkce: { required: () => true },
  ttl: { AuthorizationCode: (ctx, code, client) => (client.clientId === 'ventanilla-hasty' ? 1 : 60), AccessToken: 300, IdToken: 300, Interaction: 600, Session: 600, Grant: 600 },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (ctx, interaction) => `/ask/${interaction.uid}` },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ accountId: ctx.oidc.session.accountId, clientId: ctx.oidc.client.clientId })
    grant.addOIDCScope('openid profile autenticacio_usuari')
    await grant.save()
    return grant
  }
})
provider.on('server_error', (ctx, error) => console.error(error))

/** The page of the provider: be somebody, or turn back. */
const page = (uid) => `<!doctype html><html lang="en"><title>Provider</title><main><h1>Who are you?</h1>
<form method="post" action="/ask/${uid}">
${Object.keys(PEOPLE).map((who) => `<button name="who" value="${who}" id="be-${who}">${who}</button>`).join('\n')}
<button name="who" value="" id="turn-back">Turn back</button></form></main></html>`

async function body(request) {
  let text = ''
  for await (const piece of request) text += piece
  return new URLSearchParams(text)
}

async function ask(request, response) {
  if (request.method === 'GET') return response.setHeader('content-type', 'text/html').end(page(request.url.split('/')[2]))
  const who = (await body(request)).get('who')
  const { params } = await provider.interactionDetails(request, response)
  const word = params.client_id === 'ventanilla-valid' ? 'SESSION_CANCEL' : 'access_denied'
  const answer = who
    ? { login: { accountId: who, remember: false } }
    : { error: word, error_description: 'turned back' }
  await provider.interactionFinished(request, response, answer, { mergeWithLastSubmission: false })
}

/** What VALid puts around OAuth: other addresses, other names, the token in the address. */
async function valid(request, response) {
  const url = new URL(request.url, issuer)
  const json = (what) => response.setHeader('content-type', 'application/json').end(JSON.stringify(what))
  const token = await provider.AccessToken.find(url.searchParams.get('AccessToken') ?? '')
  if (!token) return json({ status: 'ko', error: 'invalid token' })
  const person = PEOPLE[token.accountId]
  if (url.pathname.endsWith('/getAuthenticationEvidence')) {
    return json({ status: 'ok', evidences: [Buffer.from(`<evidence who="${token.accountId}"/>`).toString('base64')] })
  }
  const [name, ...surnames] = (person.name ?? '').split(' ')
  const kind = { dni: '1', nie: '2' }[person.document_kind] ?? '4'
  json({
    status: 'ok',
    identifier: person.document_number,
    prefix: '0034',
    phone: '600000000',
    // The manual's example and its table disagree; so do the people here.
    ...(token.accountId === 'xoan' ? { documentType: kind } : { identifierType: kind }),
    name,
    ...(token.accountId === 'xoan' ? { surname1: surnames[0], surname2: surnames[1] } : { surnames: surnames.join(' ') }),
    method: 'idcatmobil',
    assuranceLevel: person.acr.split('/').pop()
  })
}

const handle = provider.callback()
createServer((request, response) => {
  const failed = (error) => {
    console.error(error)
    response.writeHead(500).end()
  }
  if (request.url.startsWith('/ask/')) return ask(request, response).catch(failed)
  if (request.url.startsWith('/serveis-rest/')) return valid(request, response).catch(failed)
  if (request.url.startsWith('/o/oauth2/auth')) request.url = request.url.replace('/o/oauth2/auth', '/auth')
  if (request.url === '/o/oauth2/token') request.url = '/token'
  handle(request, response)
}).listen(Number(port), '127.0.0.1', () => console.log('ready'))
