// SPDX-License-Identifier: ISC
// A relying party in one file: authorization code with PKCE as a public client, an ID token that is
// verified, userinfo, refresh and sign-out. Nothing but what browsers bring (fetch and WebCrypto).

const $ = (id) => document.getElementById(id);
const encoder = new TextEncoder();
let config;
let provider;

// ---- small things ------------------------------------------------------------------------------

/** An error whose text is meant for people. */
class Problem extends Error {}

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const fromBase64url = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

const randomText = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const json = (bytes) => JSON.parse(new TextDecoder().decode(bytes));
const fail = (text) => { throw new Problem(text); };

// What outlives a page load lives in this tab only.
const store = {
  get: (name) => JSON.parse(sessionStorage.getItem(name) ?? 'null'),
  put: (name, value) => sessionStorage.setItem(name, JSON.stringify(value)),
  drop: (name) => sessionStorage.removeItem(name),
};

async function ask(what, url, options) {
  let answer;
  try {
    answer = await fetch(url, { cache: 'no-store', ...options });
  } catch {
    return fail(`${what}: no answer from ${new URL(url).host}. Is it running, and is this page's ` +
      `origin (${location.origin}) registered with the client?`);
  }
  const text = await answer.text();
  let body = {};
  try {
    body = JSON.parse(text);
  } catch {
    if (answer.ok) fail(`${what}: the answer is not JSON`);
  }
  if (!answer.ok) {
    const error = new Problem(`${what}: ${answer.status} ${body.error ?? ''} ` +
      `${body.error_description ?? ''}`.trim());
    error.code = body.error;
    throw error;
  }
  return body;
}

const form = (fields) => ({ method: 'POST', body: new URLSearchParams(fields) });

// ---- the protocol ------------------------------------------------------------------------------

async function discover() {
  const found = await ask('Discovery', `${config.issuer}/.well-known/openid-configuration`);
  if (found.issuer !== config.issuer) fail(`Discovery names another issuer: ${found.issuer}`);
  return found;
}

async function signIn() {
  const flow = { state: randomText(), nonce: randomText(), verifier: randomText() };
  store.put('flow', flow);
  const digest = await crypto.subtle.digest('SHA-256', encoder.encode(flow.verifier));
  location.assign(`${provider.authorization_endpoint}?${new URLSearchParams({
    response_type: 'code',
    client_id: config.client_id,
    redirect_uri: config.redirect_uri,
    scope: config.scope,
    state: flow.state,
    nonce: flow.nonce,
    code_challenge: base64url(digest),
    code_challenge_method: 'S256',
  })}`);
}

/** Takes the authorization answer out of the address; true when there was one. */
async function finishSignIn() {
  const answer = new URLSearchParams(location.search);
  if (!answer.has('code') && !answer.has('error')) {
    history.replaceState(null, '', location.pathname);
    return false;
  }
  history.replaceState(null, '', location.pathname); // a reload must not send the code again
  const flow = store.get('flow');
  store.drop('flow');
  if (!flow || answer.get('state') !== flow.state) {
    fail('An answer arrived that this tab did not ask for (the state differs).');
  }
  if (answer.get('iss') !== config.issuer) {
    fail(`The answer comes from another issuer: ${answer.get('iss')}`);
  }
  if (answer.has('error')) {
    fail(answer.get('error') === 'access_denied'
      ? 'Sign-in was cancelled.'
      : `${answer.get('error')}: ${answer.get('error_description') ?? ''}`);
  }
  const tokens = await ask('Token endpoint', provider.token_endpoint, form({
    grant_type: 'authorization_code',
    client_id: config.client_id,
    code: answer.get('code'),
    redirect_uri: config.redirect_uri,
    code_verifier: flow.verifier,
  }));
  await accept(tokens, flow.nonce);
  return true;
}

async function refresh() {
  const tokens = store.get('tokens');
  if (!tokens.refresh_token) fail('There is no refresh token.');
  const fresh = await ask('Refresh', provider.token_endpoint, form({
    grant_type: 'refresh_token',
    client_id: config.client_id,
    refresh_token: tokens.refresh_token,
  }));
  await accept({ ...tokens, ...fresh }, null);
}

/** Verifies the ID token (OpenID Connect Core 3.1.3.7) and keeps the answer. */
async function accept(tokens, nonce) {
  const { claims, alg } = await verify(tokens.id_token);
  const now = Date.now() / 1000;
  const audience = [claims.aud].flat();
  const before = store.get('claims');
  if (claims.iss !== config.issuer) fail('The ID token names another issuer.');
  if (!audience.includes(config.client_id)) fail('The ID token is for another client.');
  if (audience.length > 1 && claims.azp !== config.client_id) fail('The ID token is not for us.');
  if (claims.exp < now - 60) fail('The ID token has expired.');
  if (nonce && claims.nonce !== nonce) fail('The ID token answers another request.');
  if (!nonce && before && claims.sub !== before.sub) fail('The ID token names another person.');
  store.put('tokens', { ...tokens, received_at: now });
  store.put('claims', claims);
  store.put('alg', alg);
}

const ALGORITHMS = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 },
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
};

async function verify(token) {
  const parts = (token ?? '').split('.');
  if (parts.length !== 3) fail('There is no ID token.');
  const header = json(fromBase64url(parts[0]));
  const algorithm = ALGORITHMS[header.alg] ?? fail(`The ID token is signed with ${header.alg}.`);
  const { keys } = await ask('Keys', provider.jwks_uri);
  const jwk = keys.find((k) => k.kid === header.kid && k.alg === header.alg)
    ?? fail('The ID token is signed with an unknown key.');
  const key = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['verify']);
  const good = await crypto.subtle.verify(algorithm, key, fromBase64url(parts[2]),
    encoder.encode(`${parts[0]}.${parts[1]}`));
  if (!good) fail('The signature of the ID token is wrong.');
  return { claims: json(fromBase64url(parts[1])), alg: header.alg };
}

async function userinfo() {
  const claims = await ask('Userinfo', provider.userinfo_endpoint, {
    headers: { Authorization: `Bearer ${store.get('tokens').access_token}` },
  });
  if (claims.sub !== store.get('claims').sub) fail('Userinfo is about another person.');
  return claims;
}

function signOut() {
  const tokens = store.get('tokens');
  forget();
  const state = randomText();
  store.put('signing-out', state);
  location.assign(`${provider.end_session_endpoint}?${new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: config.post_logout_redirect_uri,
    client_id: config.client_id,
    state,
  })}`);
}

function forget() {
  for (const name of ['tokens', 'claims', 'alg', 'flow']) store.drop(name);
}

// ---- the page ----------------------------------------------------------------------------------

const TIMES = new Set(['exp', 'iat', 'nbf', 'auth_time', 'updated_at']);

function showClaims(list, claims) {
  list.replaceChildren(...Object.entries(claims).flatMap(([name, value]) => {
    const dt = document.createElement('dt');
    const dd = document.createElement('dd');
    dt.textContent = name;
    dd.textContent = typeof value === 'object' ? JSON.stringify(value) : String(value);
    if (TIMES.has(name)) {
      const small = document.createElement('small');
      small.textContent = new Date(value * 1000).toLocaleString();
      dd.append(small);
    }
    return [dt, dd];
  }));
}

async function show() {
  const tokens = store.get('tokens');
  $('problem').hidden = true;
  $('in').hidden = !tokens;
  $('out').hidden = Boolean(tokens);
  if (!tokens) return;
  const claims = store.get('claims');
  $('who').textContent = claims.name ?? claims.preferred_username ?? claims.sub;
  $('proof').textContent = `${store.get('alg')}, verified`;
  $('ends').textContent =
    new Date((tokens.received_at + tokens.expires_in) * 1000).toLocaleTimeString();
  $('raw').textContent = JSON.stringify(tokens, null, 2);
  $('refresh').disabled = !tokens.refresh_token;
  showClaims($('claims'), claims);
  const info = await userinfo();
  $('who').textContent = info.name ?? info.preferred_username ?? info.sub;
  showClaims($('userinfo'), info);
}

function explain(error) {
  const text = error instanceof Problem ? error.message : `${error.name}: ${error.message}`;
  $('problem-text').textContent = text;
  $('problem').hidden = false;
  $('status').textContent = '';
  $('in').hidden ||= ['invalid_grant', 'invalid_token'].includes(error.code);
}

/** Runs a step with its button out of reach, and says what became of it. */
async function step(button, done, action) {
  if (button) button.disabled = true;
  $('status').textContent = '';
  try {
    await action();
    if (done) $('status').textContent = done;
  } catch (error) {
    explain(error);
  } finally {
    if (button) button.disabled = false;
  }
}

function wire(id, done, action) {
  $(id).addEventListener('click', () => step($(id), done, action));
}

wire('signin', '', signIn);
wire('refresh', 'Fresh tokens have arrived.', async () => { await refresh(); await show(); });
wire('ask', 'Userinfo has answered.', show);
wire('signout', '', signOut);
wire('again', '', async () => { forget(); location.assign(location.pathname); });

step(null, '', async () => {
  config = await ask('This page', 'config.json');
  for (const place of document.querySelectorAll('.issuer')) place.textContent = config.issuer;
  $('hint').textContent = config.hint ?? '';
  const signedOut = store.get('signing-out');
  const back = new URLSearchParams(location.search).get('state');
  $('out').hidden = Boolean(store.get('tokens')) || location.search.includes('code=');
  provider = await discover();
  await finishSignIn();
  await show();
  if (signedOut) {
    store.drop('signing-out');
    $('status').textContent = signedOut === back ? 'You are signed out.' : '';
  }
});
