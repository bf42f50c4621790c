import { expectThat } from './tour-checks.js';

interface Access {
  readonly url: string;
  readonly key: string;
}

/** What mem0's own client 3.x sends, call by call: another host and another key is all that it needs. */
export async function speakMem0(access: Access): Promise<string> {
  const ping = await ask(access, 'GET', '/v1/ping/');
  expectThat(ping.status === 'ok' && !String(ping.user_email).includes('@'), 'the ping is not what the client expects');
  const messages = [{ role: 'user', content: 'I am allergic to walnuts. I live in Turin.' }];
  const added = await ask(access, 'POST', '/v3/memories/add/', { messages, user_id: 'mia', run_id: 'tour' });
  expectThat(added.status === 'SUCCEEDED', `the add answered ${JSON.stringify(added.status)}`);
  const filters = { AND: [{ user_id: 'mia' }, { run_id: 'tour' }] };
  const found = await ask(access, 'POST', '/v3/memories/search/', { query: 'walnuts', filters, output_format: 'v1.1' });
  const [best] = found.results as readonly { readonly memory: string; readonly score: number }[];
  expectThat(best?.memory.includes('walnuts') ?? false, `the best answer was ${JSON.stringify(best?.memory)}`);
  const page = await ask(access, 'POST', '/v3/memories/?page=1&page_size=1', { filters });
  expectThat(page.count === 2, `${JSON.stringify(page.count)} memories are counted`);
  await ask(access, 'DELETE', '/v2/entities/user/mia/');
  return `mem0's calls on this tenant: added, found "${best?.memory}" (${best?.score.toFixed(2)}), counted and deleted`;
}

async function ask(
  { url, key }: Access,
  method: string,
  path: string,
  body?: object,
): Promise<Readonly<Record<string, unknown>>> {
  const headers = { Authorization: `Token ${key}`, 'Content-Type': 'application/json', 'Mem0-User-ID': 'nobody' };
  const response = await fetch(`${url}${path}`, {
    ...{ method, headers, redirect: 'error' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Readonly<Record<string, unknown>>;
  expectThat(response.ok, `${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}
