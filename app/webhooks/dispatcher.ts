import type { Core } from '../core.js';
import { inTransaction } from '../db/pool.js';
import { type FeedEvent, matchesType, readFeed } from '../events/feed.js';
import { OutboundRefused } from '../http/outbound.js';
import { type Loop, startLoop } from '../loop.js';
import { buildSignatureHeaders } from './signature.js';
import {
  type Attempt,
  claimDeliveries,
  type DeliveryRow,
  deleteOldDeliveries,
  endDelivery,
  insertDeliveries,
  lookForWork,
  moveWebhookPosition,
  postponeDelivery,
  selectWebhook,
  takeWebhookPosition,
  type WebhookRow,
} from './store.js';
import { openConfig, secretsOf } from './webhooks.js';

export type DispatcherDeps = Pick<Core, 'db' | 'vault' | 'outbound' | 'newId' | 'log'>;

export interface Dispatcher {
  /** Waits for what is on its way. */
  stop(): Promise<void>;
}

const IDLE_MS = 500;
const PAGE = 200;
const AT_ONCE = 16;
const TIMEOUT_MS = 10_000;
const LEASE_MS = 30_000;
/** Before the second to the eighth try: some 27 hours in all. */
const WAITS_MS = [5_000, 60_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 72_000_000] as const;
const HOUSEKEEPING_MS = 3_600_000;
/** 410: whoever listened there does not any more, and says so. */
const GONE = 410;

export const startDispatcher = (deps: DispatcherDeps): Dispatcher => new WebhookDispatcher(deps);

/** Looks through the log for each webhook, and sends what it asked for: at least once, eight times at most. */
class WebhookDispatcher implements Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #loop: Loop;
  #nextHousekeeping = 0;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
    this.#loop = startLoop({
      turn: async () => ((await this.#turn()) ? 0 : IDLE_MS),
      onTrouble: (err) => deps.log.warn({ err }, 'webhooks interrupted, will go on'),
    });
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #turn(): Promise<boolean> {
    const { db } = this.#deps;
    if (Date.now() >= this.#nextHousekeeping) {
      this.#nextHousekeeping = Date.now() + HOUSEKEEPING_MS;
      await deleteOldDeliveries(db);
    }
    const { behind, isDue } = await lookForWork(db);
    let more = false;
    for (const webhook of behind) more = (await this.#plan(webhook)) || more;
    if (behind.length === 0 && !isDue) return false;
    const due = await claimDeliveries(db, AT_ONCE, LEASE_MS);
    await Promise.all(due.map((delivery) => this.#deliver(delivery)));
    return more || due.length === AT_ONCE;
  }

  /** A webhook that is switched off is not told later what happened meanwhile. */
  #plan({ id, event_types, active }: WebhookRow): Promise<boolean> {
    const { db, newId } = this.#deps;
    return inTransaction(db, async (transaction) => {
      const position = await takeWebhookPosition(transaction, id);
      if (position === undefined) return false;
      const { events, last, more } = await readFeed(transaction, position, PAGE);
      const wanted = active ? events.filter(({ type }) => matchesType(event_types, type)) : [];
      if (wanted.length > 0) {
        const rows = wanted.map(({ seq, type }) => ({ id: newId(), seq, type }));
        await insertDeliveries(transaction, id, rows);
      }
      if (last !== position) await moveWebhookPosition(transaction, id, last);
      return more;
    });
  }

  async #deliver(delivery: DeliveryRow): Promise<void> {
    const { db, log } = this.#deps;
    const attempt = await this.#send(delivery);
    const delivered = attempt.response !== null && attempt.response >= 200 && attempt.response < 300;
    if (delivered) return endDelivery(db, delivery.id, 'delivered', attempt);
    const wait = attempt.response === GONE ? undefined : WAITS_MS[delivery.attempts - 1];
    if (wait !== undefined) return postponeDelivery(db, delivery.id, wait, attempt);
    log.warn({ webhook: delivery.webhook_id, delivery: delivery.id, response: attempt.response }, 'webhook given up');
    await endDelivery(db, delivery.id, 'failed', attempt);
  }

  async #send(delivery: DeliveryRow): Promise<Attempt> {
    const { db, vault, outbound } = this.#deps;
    try {
      const webhook = await selectWebhook(db, delivery.webhook_id);
      const { events } = await readFeed(db, delivery.seq - 1, 1);
      const [event] = events;
      if (!webhook || !event) return { response: null, error: 'The webhook or the event is gone.' };
      await vault.prepare([0]);
      const config = openConfig(vault, webhook);
      const now = new Date();
      const body = buildBody(event);
      const message = { id: `msg_${delivery.id}`, timestamp: Math.floor(now.getTime() / 1000), body };
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'memplane-webhooks',
        ...buildSignatureHeaders(message, secretsOf(config, now)),
      };
      const { status } = await outbound.request(config.url, { method: 'POST', headers, body, timeoutMs: TIMEOUT_MS });
      return { response: status, error: null };
    } catch (cause) {
      // The answer itself is nobody's business: what is shown must not make a mirror of an inner address.
      const error = cause instanceof OutboundRefused ? cause.message : 'The delivery could not be made.';
      if (!(cause instanceof OutboundRefused)) this.#deps.log.warn({ err: cause }, 'webhook delivery failed');
      return { response: null, error };
    }
  }
}

const buildBody = ({ type, at, ...data }: FeedEvent): string => JSON.stringify({ type, timestamp: at, data });
