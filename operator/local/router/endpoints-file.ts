import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeWholeFile } from '../whole-file.js';

/** Where one tenant answers. */
export interface TenantEndpoint {
  /** By host name, through the router's one port. */
  readonly url: string;
  /** A port of its own, for HTTP libraries that do not resolve `*.localhost`. */
  readonly direct: string;
  readonly namespace: string;
}

export type Endpoints = Readonly<Record<string, TenantEndpoint>>;

/** Replaced as a whole, so that a reader never sees half of it; nothing is written when nothing has changed. */
export class EndpointsFile {
  readonly #path: string | undefined;
  #written: string | undefined;

  constructor(path: string | undefined) {
    this.#path = path;
    if (path !== undefined) mkdirSync(dirname(path), { recursive: true });
  }

  write(endpoints: Endpoints): void {
    const text = `${JSON.stringify(endpoints, null, 2)}\n`;
    if (this.#path === undefined || text === this.#written) return;
    writeWholeFile(this.#path, text);
    this.#written = text;
  }

  remove(): void {
    if (this.#path !== undefined) rmSync(this.#path, { force: true });
  }
}
