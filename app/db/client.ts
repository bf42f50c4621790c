import type { EventEmitter } from 'node:events';
import pg from 'pg';

interface Told {
  readonly parameterName: string;
  readonly parameterValue: string;
}

/** Times are read as ISO 8601 alone, and one that is written otherwise would be read as none. */
export class IsoClient extends pg.Client {
  #style = 'ISO';

  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const { connection } = this as unknown as { readonly connection: EventEmitter };
    connection.on('parameterStatus', ({ parameterName, parameterValue }: Told) => {
      if (parameterName === 'DateStyle') this.#style = parameterValue;
    });
  }

  /** Before the first query. Only of a server that writes otherwise: a setting keeps some poolers from sharing the connection. */
  async demandIso(): Promise<void> {
    if (!this.#style.startsWith('ISO')) await this.query('SET datestyle TO ISO');
  }
}
