import { jcs } from '../sealing/jcs.js';
import type { AuditActor, AuditEntry, AuditType } from './trail.js';

/** An event as it is hashed. Unused members are null; no number is a float. */
export interface AuditEvent {
  readonly v: 1;
  readonly log: string;
  /** The index of its leaf, as text: it outgrows what JSON carries without loss. */
  readonly seq: string;
  /** The leaf hash of the event before, base64; of the first 32 zeros. */
  readonly prev: string;
  readonly id: string;
  readonly time: string;
  readonly type: AuditType;
  readonly actor: AuditActor;
  readonly subject: string | null;
  readonly scope: AuditEntry['scope'];
  readonly resource: AuditEntry['resource'];
  readonly batch: EventBatch | null;
  readonly outcome: 'ok' | 'denied' | 'error';
  readonly code: string | null;
  readonly request: string | null;
  readonly detail: string | null;
}

export interface EventBatch {
  readonly count: number;
  readonly root: string;
  /** Of reads: their numbers within writer and epoch, which `resource` names, so that a gap shows. */
  readonly from?: number;
  readonly to?: number;
}

/** The bytes around `prev` and `seq`, which the sequencer puts in. Together they are the JCS of the event. */
export interface EventParts {
  readonly head: Buffer;
  readonly middle: Buffer;
  readonly tail: Buffer;
}

export type UnsequencedEvent = Omit<AuditEvent, 'v' | 'seq' | 'prev'>;

export const buildEventParts = (event: UnsequencedEvent): EventParts => {
  const { actor, batch, code, detail, id, log, outcome, request, resource = null, scope = null } = event;
  const { subject, time, type } = event;
  // JCS orders members by name: actor … outcome, prev, request … scope, seq, subject … v.
  const head = jcs({ actor, batch, code, detail, id, log, outcome });
  const middle = jcs({ request, resource, scope });
  const tail = jcs({ subject, time, type, v: 1 });
  return {
    head: Buffer.from(`${head.slice(0, -1)},`),
    middle: Buffer.from(`${middle.slice(1, -1)},`),
    tail: Buffer.from(tail.slice(1)),
  };
};

/** As the sequencer does it. */
export const assembleEvent = ({ head, middle, tail }: EventParts, seq: number, prev: Buffer): Buffer =>
  Buffer.concat([
    head,
    Buffer.from(`"prev":"${prev.toString('base64')}",`),
    middle,
    Buffer.from(`"seq":"${seq}",`),
    tail,
  ]);

export const parseEvent = (bytes: Buffer): AuditEvent => JSON.parse(bytes.toString('utf8')) as AuditEvent;
