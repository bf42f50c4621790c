import { request } from 'undici';

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface MemoryApi {
  call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer>;
  create(user: string, content: string): Promise<Answer>;
  search(user: string, query: string): Promise<readonly { readonly content: string; readonly score: number }[]>;
}

/** The memory service as an application sees it: an address and a key. */
export function openMemoryApi(url: string, key: string): MemoryApi {
  const call: MemoryApi['call'] = async (method, path, body) => {
    const answer = await request(`${url}${path}`, {
      method,
      headers: { 'x-api-key': key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: text === '' ? {} : JSON.parse(text) };
  };
  return {
    call,
    create: (user, content) => call('POST', '/api/v1/memories', { user_id: user, content }),
    async search(user, query) {
      const { status, body } = await call('POST', '/api/v1/memories/search', {
        user_id: user,
        query,
        mode: 'semantic',
        limit: 5,
      });
      if (status !== 200) throw new Error(`search answered ${status}: ${JSON.stringify(body)}`);
      return body.results as readonly { readonly content: string; readonly score: number }[];
    },
  };
}
