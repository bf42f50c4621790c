import type { Principal } from '../access/principal.js';
import type { Core } from '../core.js';
import { inTransaction } from '../db/pool.js';
import { lastSeq } from '../events/feed.js';
import { problem } from '../http/errors.js';
import { type Outbound, OutboundRefused } from '../http/outbound.js';
import { formatTime } from '../memories/time.js';
import { newSecret } from './signature.js';
import {
  deleteWebhook,
  insertWebhook,
  macFieldsOf,
  selectWebhook,
  selectWebhooks,
  updateWebhook,
  type WebhookRow,
} from './store.js';

/** What is sealed of a webhook. */
export interface WebhookConfig {
  readonly name: string | null;
  readonly url: string;
  readonly secret: string;
  /** Signs too until then, so that a receiver may change its own in peace. */
  readonly former: { readonly secret: string; readonly until: string } | null;
}

export interface Webhook {
  readonly id: string;
  readonly name: string | null;
  readonly url: string;
  readonly event_types: readonly string[];
  readonly active: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}
export type WebhookWithSecret = Webhook & { readonly secret: string };

export interface WebhookDraft {
  readonly name?: string | null;
  readonly url: string;
  readonly event_types: readonly string[];
  readonly secret?: string;
  readonly active?: boolean;
}

export interface Webhooks {
  create(by: Principal, draft: WebhookDraft): Promise<WebhookWithSecret>;
  list(): Promise<readonly Webhook[]>;
  find(id: string): Promise<Webhook>;
  /** The secret is in the answer when this change made or took one. */
  change(id: string, change: Partial<WebhookDraft>): Promise<Webhook | WebhookWithSecret>;
  remove(id: string): Promise<Webhook>;
}

export type WebhooksDeps = Pick<Core, 'db' | 'vault' | 'audit' | 'outbound' | 'newId'>;

/** More would be a mailing list. */
const MAX_WEBHOOKS = 50;
const OVERLAP_MS = 86_400_000;
const TENANT_SLOT = 0;

export const createWebhooks = (deps: WebhooksDeps): Webhooks => new StoredWebhooks(deps);

class StoredWebhooks implements Webhooks {
  readonly #deps: WebhooksDeps;

  constructor(deps: WebhooksDeps) {
    this.#deps = deps;
  }

  async create(by: Principal, draft: WebhookDraft): Promise<WebhookWithSecret> {
    const { db, newId } = this.#deps;
    await checkAddress(this.#deps.outbound, draft.url);
    const config = { name: draft.name ?? null, url: draft.url, secret: draft.secret ?? newSecret(), former: null };
    const now = new Date();
    const base = { id: newId(), version: 1, event_types: draft.event_types, active: draft.active ?? true };
    const row = await this.#seal({ ...base, created_by: by.keyId, created_at: now, updated_at: now }, config);
    await inTransaction(db, async (transaction) => {
      const { length } = await selectWebhooks(transaction);
      if (length >= MAX_WEBHOOKS) throw problem('quota_exceeded', `There are ${MAX_WEBHOOKS} webhooks already.`);
      await insertWebhook(transaction, row, await lastSeq(transaction));
      await this.#tell(transaction, 'webhook.created', row.id);
    });
    return { ...describe(row, config), secret: config.secret };
  }

  async list(): Promise<readonly Webhook[]> {
    const rows = await selectWebhooks(this.#deps.db);
    await this.#deps.vault.prepare([TENANT_SLOT]);
    return rows.map((row) => describe(row, openConfig(this.#deps.vault, row)));
  }

  async find(id: string): Promise<Webhook> {
    const row = await selectWebhook(this.#deps.db, id);
    if (!row) throw missing(id);
    await this.#deps.vault.prepare([TENANT_SLOT]);
    return describe(row, openConfig(this.#deps.vault, row));
  }

  async change(id: string, change: Partial<WebhookDraft>): Promise<Webhook | WebhookWithSecret> {
    if (change.url !== undefined) await checkAddress(this.#deps.outbound, change.url);
    await this.#deps.vault.prepare([TENANT_SLOT]);
    return inTransaction(this.#deps.db, async (transaction) => {
      const before = await selectWebhook(transaction, id, true);
      if (!before) throw missing(id);
      const config = changeConfig(openConfig(this.#deps.vault, before), change);
      const row = await this.#seal(
        {
          ...before,
          version: before.version + 1,
          event_types: change.event_types ?? before.event_types,
          active: change.active ?? before.active,
          updated_at: new Date(),
        },
        config,
      );
      await updateWebhook(transaction, row);
      await this.#tell(transaction, 'webhook.changed', id);
      const described = describe(row, config);
      return change.secret === undefined ? described : { ...described, secret: config.secret };
    });
  }

  async remove(id: string): Promise<Webhook> {
    const found = await this.find(id);
    await inTransaction(this.#deps.db, async (transaction) => {
      await deleteWebhook(transaction, id);
      await this.#tell(transaction, 'webhook.deleted', id);
    });
    return found;
  }

  async #seal(row: Omit<WebhookRow, 'sealed' | 'mac'>, config: WebhookConfig): Promise<WebhookRow> {
    const { vault } = this.#deps;
    await vault.prepare([TENANT_SLOT]);
    const unsigned = { ...row, sealed: vault.sealJson(placeOf(row), config), mac: Buffer.alloc(0) };
    return { ...unsigned, mac: vault.rowMac('webhooks', macFieldsOf(unsigned)) };
  }

  async #tell(transaction: Parameters<WebhooksDeps['audit']['record']>[0], type: `webhook.${string}`, id: string) {
    await this.#deps.audit.record(transaction, { type, resource: { kind: 'webhook', id } });
  }
}

const changeConfig = (config: WebhookConfig, change: Partial<WebhookDraft>): WebhookConfig => ({
  name: change.name === undefined ? config.name : change.name,
  url: change.url ?? config.url,
  ...(change.secret === undefined || change.secret === config.secret
    ? { secret: config.secret, former: config.former }
    : {
        secret: change.secret,
        former: { secret: config.secret, until: new Date(Date.now() + OVERLAP_MS).toISOString() },
      }),
});

const placeOf = ({ id, version }: Pick<WebhookRow, 'id' | 'version'>) => ({
  ...{ slot: TENANT_SLOT, table: 'webhooks', rowId: id, version },
});

/** Throws when the row is not as this service wrote it: nothing is sent to an address that somebody slipped in. */
export const openConfig = (vault: WebhooksDeps['vault'], row: WebhookRow): WebhookConfig => {
  if (!vault.verifyRowMac('webhooks', macFieldsOf(row), row.mac)) {
    throw new Error(`The webhook ${row.id} was changed in the database behind the service's back: delete it`);
  }
  return vault.openJson(placeOf(row), row.sealed) as WebhookConfig;
};

/** What signs now: the secret, and for a day the one before it. */
export const secretsOf = ({ secret, former }: WebhookConfig, now: Date): readonly string[] =>
  former && new Date(former.until) > now ? [secret, former.secret] : [secret];

const describe = (row: WebhookRow, { name, url }: WebhookConfig): Webhook => ({
  ...{ id: row.id, name, url, event_types: row.event_types, active: row.active },
  created_at: formatTime(row.created_at),
  updated_at: formatTime(row.updated_at),
});

const checkAddress = async (outbound: Outbound, url: string): Promise<void> => {
  try {
    await outbound.check(url);
  } catch (cause) {
    if (!(cause instanceof OutboundRefused)) throw cause;
    throw problem('invalid_request', `The url is not one that can be called: ${cause.message}`, {
      errors: [{ pointer: '/url', code: cause.reason, detail: cause.message }],
    });
  }
};

const missing = (id: string) => problem('not_found', `There is no webhook ${id}.`);
