import type { AuditActor, AuditEntry, AuditTrail } from '../audit/trail.js';
import type { ErrorCode } from '../http/errors.js';
import type { Principal } from './principal.js';

/** What somebody who watches for attacks wants to see: a line in the log with the request's id, and an event in the audit log. */
export interface SecurityEvents {
  /** No credential, a wrong one, or one that may not do this. */
  denied(code: ErrorCode, detail: string, principal?: Principal): void;
  /** The first refusal of a window; the others of that window say nothing new. */
  limited(limit: string, detail: string): void;
  /** A request that was no valid one; its detail may quote what was sent, and logs hold no content. */
  invalid(code: ErrorCode): void;
  /** A row that this service did not write. Once a row and content, however often it is read. */
  tampered(table: string, id: string, mac: Buffer): void;
}

export interface SecurityEventsOptions {
  readonly log: { warn(fields: object, message: string): void; error(fields: object, message: string): void };
  readonly audit: Pick<AuditTrail, 'observe'>;
}

/** More than that is a flood of its own; the rows themselves stay refused. */
const MAX_REPORTED = 1000;

export const createSecurityEvents = ({ log, audit }: SecurityEventsOptions): SecurityEvents => {
  const reported = new Set<string>();
  const tell = (entry: AuditEntry, message: string, reason?: string): void => {
    log.warn({ event: entry.type, code: entry.code, reason }, message);
    void audit.observe(entry);
  };
  return {
    denied: (code, detail, principal) => {
      const actor = principal === undefined ? STRANGER : actorOf(principal);
      // Of somebody known the detail may quote what they sent; why a credential is refused is our own wording.
      const reason = principal === undefined ? detail : undefined;
      tell(
        { type: 'auth.denied', outcome: 'denied', code, actor, detail: { reason: detail } },
        'a request was denied',
        reason,
      );
    },
    limited: (limit, detail) =>
      tell({ type: 'limit.reached', outcome: 'denied', code: 'rate_limited', detail: { limit } }, detail, limit),
    invalid: (code) => tell({ type: 'request.invalid', outcome: 'denied', code }, 'a request was not valid'),
    tampered: (table, id, mac) => {
      const row = `${table}\n${id}\n${mac.toString('base64')}`;
      if (reported.has(row) || reported.size >= MAX_REPORTED) return;
      reported.add(row);
      log.error({ event: 'security.tamper', table, id }, 'a row was not written by this service and is refused');
      const resource = { kind: table, id };
      void audit.observe({ type: 'security.tamper', outcome: 'denied', resource, actor: STRANGER });
    },
  };
};

const STRANGER: AuditActor = { kind: 'system', ref: 'unauthenticated', role: null };

export const actorOf = ({ kind, keyId, role }: Principal): AuditActor => ({ kind, ref: keyId, role });
