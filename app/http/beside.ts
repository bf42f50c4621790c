/** What is no operation with a schema: protocols, files and probes. Told wherever the operations are told. */
export const BESIDE: readonly (readonly [call: string, what: string])[] = [
  [
    'GET /health, /healthz, /ready, /readyz, /health/ready',
    'Whether requests should be sent here: 200 or 503, to anybody',
  ],
  ['GET /health/live', 'Whether the process lives, to anybody'],
  ['GET /health/detailed', 'Every part and how it is; through a gateway with a key'],
  ['GET /metrics', 'For Prometheus; through a gateway with a key'],
  ['POST /mcp', 'The Model Context Protocol, without sessions: six tools for agents'],
  [
    'GET /api/v1/audit/tile/…, /batches/{seq}, /details/{seq}',
    'The files of the audit log (C2SP tlog-tiles); permission audit.read',
  ],
  ['GET /, /docs, /openapi.json', 'What this is, to anybody'],
];
