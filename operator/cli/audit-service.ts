import type { Input, Terminal } from './command.js';
import { unusableError, usageError } from './errors.js';
import { readText } from './files.js';
import { fetchTenant } from './tenants/fetch-tenant.js';

/** A key that may read the log: from a file or a pipe, never from the command line, which others can see. */
export async function readKey(input: Input, terminal: Terminal): Promise<string> {
  const path = input.value('key-file');
  if (path === undefined) throw usageError('no key was given', '--key-file FILE, or - for standard input');
  const key = (await readText(path, terminal)).trim();
  if (!/^[\x21-\x7e]{16,}$/.test(key)) throw unusableError(`${path} holds no API key`, ['one line, the key alone']);
  return key;
}

export interface DataAnswer {
  readonly ok: boolean;
  readonly text: string;
  readonly report: unknown;
}

interface DataReport {
  readonly checked: number;
  readonly erased: number;
  readonly findings: readonly { readonly id: string; readonly what: string }[];
}

/** The service alone can open its rows: it compares them, and says what does not go together. */
export async function requestAgainstData(endpoint: string, key: string): Promise<DataAnswer> {
  const url = `${endpoint.replace(/\/$/, '')}/api/v1/audit/verify-data`;
  const response = await fetchTenant(url, { headers: { 'X-API-Key': key } }).catch((cause: unknown) => {
    throw unusableError(`${endpoint} does not answer`, ['is it the URL of the tenant?'], cause);
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const { detail = '', remedy = '' } = (body ?? {}) as { detail?: string; remedy?: string };
    throw unusableError(`${endpoint} answered ${response.status}: ${detail}`, remedy === '' ? [] : [remedy]);
  }
  const report = body as DataReport;
  const lines = report.findings.map(({ id, what }) => `found: memory ${id} ${what}\n`);
  const text = `data: ${report.checked} memories compared, ${report.erased} erased\n${lines.join('')}`;
  return { ok: report.findings.length === 0, text, report };
}
