/** The page on which a browser signs in whose Temporal UI knows no users, as the embedded one does. */
import { createHash } from 'node:crypto';
import express, { Router } from 'express';
import type { TokenVerifier } from '../auth/token.ts';
import { PAYLOAD_SCOPE, signInCookie } from './caller.ts';

const STYLE = 'body{font:16px/1.5 system-ui;max-width:44em;margin:4em auto;padding:0 1em}textarea{width:100%}';
const POLICY = [
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
].join('; ');

const FORM = `<h1>Read payloads in the Temporal UI</h1>
<p>Paste an access token of the internal audience with the scope <code>${PAYLOAD_SCOPE}</code>. It stays in a cookie of this
browser until it expires.</p>
<form method="post" action="/sign-in"><p><textarea name="token" rows="6" required autocomplete="off"></textarea></p>
<p><button>Sign in</button></p></form>`;

const SIGNED_IN = `<h1>Signed in</h1>
<p>In the Temporal UI, in the settings of the Codec Server, choose <b>Use my browser setting</b>, give this address as the
endpoint, and tick <b>Include cross-origin credentials</b>.</p>`;

export function signInRoutes(tokens: TokenVerifier, isSecure: boolean): Router {
  const router = Router();
  router.get('/', (_request, response) => {
    response.set(HEADERS).send(page(FORM));
  });
  router.post('/sign-in', express.urlencoded({ extended: false, limit: '32kb' }), async (request, response) => {
    const { token } = (request.body ?? {}) as { token?: unknown };
    // Pasted, it comes with line ends.
    const given = typeof token === 'string' ? token.replace(/\s/g, '') : '';
    const cookie = await signInCookie(tokens, { token: given, isSecure }, request);
    response.set(HEADERS).setHeader('set-cookie', cookie).send(page(SIGNED_IN));
  });
  return router;
}

const HEADERS = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY };

function page(body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Slipway payloads</title><style>${STYLE}</style></head>
<body>${body}</body></html>
`;
}
