import { BESIDE } from './beside.js';
import type { Route } from './route.js';

/** A page that needs nothing else: no script, no font, no other host. */
export const buildDocsPage = (routes: readonly Route[]): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Memplane memory service</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
td,th{padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top}code{font-family:ui-monospace,monospace}</style></head>
<body><h1>Memplane memory service</h1>
<p>Send a key of your tenant as <code>X-API-Key</code> or <code>Authorization: Bearer</code>. The whole description is at
<a href="/openapi.json">/openapi.json</a>; errors are problem documents (RFC 9457) with a code and a remedy.</p>
<table><thead><tr><th>Call</th><th>What it does</th><th>Permission</th></tr></thead><tbody>
${routes.map(buildRow).join('\n')}
</tbody></table>
<h2>Beside these</h2>
<table><tbody>
${BESIDE.map(([call, what]) => `<tr><td><code>${escapeHtml(call)}</code></td><td>${escapeHtml(what)}</td></tr>`).join('\n')}
</tbody></table>
<h2>Try it</h2>
<pre>curl -H "X-API-Key: $KEY" -H "Content-Type: application/json" \\
  -d '{"user_id":"ada","content":"Ada prefers tea"}' $URL/api/v1/memories
curl -H "X-API-Key: $KEY" -H "Content-Type: application/json" \\
  -d '{"user_id":"ada","query":"what does she drink?"}' $URL/api/v1/memories/search</pre></body></html>
`;

const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const buildRow = ({ method, path, summary, permission }: Route): string =>
  `<tr><td><code>${method} ${escapeHtml(path)}</code></td><td>${escapeHtml(summary)}</td><td>${permission}</td></tr>`;
