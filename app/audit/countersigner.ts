import type { Database } from '../db/pool.js';
import { insertCountersignature, selectCountersignatures, selectLastCountersigned } from './countersignature-store.js';
import { addSignatures, type NoteSignature, parseNote } from './note.js';
import type { PlaneKey } from './plane-key.js';
import type { CheckpointRow } from './store.js';

export interface CountersignerOptions {
  readonly db: Database;
  /** Without one nothing is countersigned. */
  readonly key: PlaneKey | undefined;
  /** How long the newest checkpoint may be without a signature of the plane. */
  readonly everyMs: number;
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
}

export interface Countersigner {
  /** Looks whether the newest checkpoint is due. Nobody waits for it: a KMS that is away delays its own signature alone. */
  advance(newest: CheckpointRow | undefined): void;
  /** The checkpoint with what the plane's key signs of it; as it is when that key cannot sign now. */
  complete(checkpoint: CheckpointRow): Promise<CheckpointRow>;
  trouble(): string | undefined;
  stop(): Promise<void>;
}

/** A second key's signature under checkpoints that the log's own key has signed and the tree was compared with. */
export const createCountersigner = (options: CountersignerOptions): Countersigner => {
  const { key } = options;
  return key === undefined ? NOBODY : new KmsCountersigner({ ...options, key });
};

const NOBODY: Countersigner = {
  advance: () => undefined,
  complete: async (checkpoint) => checkpoint,
  trouble: () => undefined,
  stop: async () => undefined,
};

class KmsCountersigner implements Countersigner {
  readonly #options: CountersignerOptions & { readonly key: PlaneKey };
  #dueAt = 0;
  #advancing: Promise<void> | undefined;
  #signing: { readonly size: number; readonly signed: Promise<NoteSignature> } | undefined;
  #complained = false;

  constructor(options: CountersignerOptions & { readonly key: PlaneKey }) {
    this.#options = options;
  }

  advance(newest: CheckpointRow | undefined): void {
    if (newest === undefined || this.#advancing !== undefined || Date.now() < this.#dueAt) return;
    this.#advancing = this.#signIfDue(newest)
      .catch((err: unknown) => this.#complain(err))
      .finally(() => {
        this.#advancing = undefined;
      });
  }

  async complete(checkpoint: CheckpointRow): Promise<CheckpointRow> {
    const { db, key } = this.#options;
    const known = await selectCountersignatures(db, checkpoint.size);
    const own = known.some(({ name }) => name === key.name) ? [] : await this.#trySign(checkpoint);
    return { ...checkpoint, note: addSignatures(checkpoint.note, [...known, ...own]) };
  }

  trouble(): string | undefined {
    return this.#options.key.trouble();
  }

  async stop(): Promise<void> {
    await this.#advancing;
  }

  /** Of several replicas the one that looks first signs for all: the others see how old its signature is. */
  async #signIfDue(newest: CheckpointRow): Promise<void> {
    const { db, key, everyMs } = this.#options;
    const last = await selectLastCountersigned(db, key.name);
    if (last && last.size >= newest.size) return;
    const wait = everyMs - (last?.ageMs ?? everyMs);
    if (wait <= 0) await this.#sign(newest);
    this.#dueAt = Date.now() + (wait > 0 ? wait : everyMs);
  }

  async #trySign(checkpoint: CheckpointRow): Promise<readonly NoteSignature[]> {
    try {
      return [await this.#sign(checkpoint)];
    } catch (err) {
      this.#complain(err);
      return [];
    }
  }

  #sign(checkpoint: CheckpointRow): Promise<NoteSignature> {
    const { size } = checkpoint;
    if (this.#signing?.size === size) return this.#signing.signed;
    const signed = this.#signOnce(checkpoint).finally(() => {
      if (this.#signing?.signed === signed) this.#signing = undefined;
    });
    this.#signing = { size, signed };
    return signed;
  }

  async #signOnce({ size, note }: CheckpointRow): Promise<NoteSignature> {
    const { db, key, log } = this.#options;
    const signature = await key.sign(Buffer.from(parseNote(note)?.text ?? ''));
    await insertCountersignature(db, size, signature);
    if (this.#complained) log.info({ size }, 'the plane’s key signs checkpoints again');
    this.#complained = false;
    return signature;
  }

  #complain(err: unknown): void {
    if (!this.#complained)
      this.#options.log.warn({ err }, 'checkpoints are not signed by the plane’s key now; they catch up');
    this.#complained = true;
  }
}
