import type { MemoryApi } from './memory-api.js';
import { expectStatus, expectThat, retry } from './tour-checks.js';

/** What an application does with a memory service in its first hour. */
export const FACTS = [
  'Ada prefers window seats on trains',
  'Ada is allergic to peanuts',
  'The build breaks on Tuesdays',
] as const;

export async function store(api: MemoryApi): Promise<string> {
  for (const content of FACTS) expectStatus(await api.create('ada', content), 201);
  return `${FACTS.length} memories stored, sealed`;
}

export async function search(api: MemoryApi): Promise<string> {
  const [best] = await api.search('ada', 'which food must she avoid?');
  expectThat(best?.content === FACTS[1], `the best answer was ${JSON.stringify(best?.content)}`);
  return `"${best?.content}"`;
}

interface Found {
  readonly content: string;
  readonly score: number;
  readonly explain: { readonly semantic: number | null; readonly keyword: number | null };
}

/** By words and by meaning at once, with the reasons. */
export async function searchHybrid(api: MemoryApi): Promise<string> {
  const body = { user_id: 'ada', query: 'peanuts', mode: 'hybrid', limit: 3, explain: true };
  const { body: answer } = expectStatus(await api.call('POST', '/api/v1/memories/search', body), 200);
  const [best] = answer.results as readonly Found[];
  expectThat(best?.content === FACTS[1], `the best answer was ${JSON.stringify(best?.content)}`);
  const { semantic, keyword } = best?.explain ?? { semantic: null, keyword: null };
  expectThat(semantic !== null && keyword !== null, 'the answer does not say what each part gave');
  const byWord = await api.call('POST', '/api/v1/memories/search', { ...body, mode: 'keyword', query: 'tuesdays' });
  const [word] = expectStatus(byWord, 200).body.results as readonly Found[];
  expectThat(word?.content === FACTS[2], `the best answer by words was ${JSON.stringify(word?.content)}`);
  return `score ${best?.score.toFixed(2)}: meaning ${semantic?.toFixed(2)}, words ${keyword?.toFixed(2)}; words alone find "${word?.content}", though all is sealed`;
}

export async function converse(api: MemoryApi): Promise<string> {
  const conversation_text = 'User: Hi! I live in Oslo. I work at Acme.\nAssistant: Noted. Anything else?\nUser: No.';
  const answer = await api.call('POST', '/api/v1/memory/ingest', { user_id: 'ben', conversation_text });
  const ids = expectStatus(answer, 201).body.memory_ids as readonly string[];
  expectThat(ids.length === 2, `${ids.length} memories were found in the conversation`);
  return `${ids.length} things worth remembering in a conversation`;
}

export async function badInput(api: MemoryApi): Promise<string> {
  const draft = { user_id: 'ada', content: 7, colour: 'red' };
  const answer = expectStatus(await api.call('POST', '/api/v1/memories', draft), 400);
  return `400 ${String(answer.body.code)}: ${String(answer.body.detail)}`;
}

/** An application goes on while its key is replaced. */
export async function rotateKey(api: MemoryApi, open: (key: string) => MemoryApi): Promise<string> {
  const made = await api.call('POST', '/api/v1/keys', { name: 'tour', role: 'service' });
  const { id, key } = expectStatus(made, 201).body as { readonly id: string; readonly key: string };
  const statuses: number[] = [];
  let using = open(key);
  let going = true;
  const work = (async () => {
    while (going) statuses.push((await using.call('GET', '/api/v1/memories?user_id=ada&limit=1')).status);
  })();
  await retry(
    async () => statuses.length,
    (count) => count > 20,
  );
  const rotated = await api.call('POST', `/api/v1/keys/${id}/rotate`, { overlap: '1h' });
  const next = expectStatus(rotated, 201).body as { readonly key: string };
  const before = statuses.length;
  await retry(
    async () => statuses.length,
    (count) => count > before + 20,
  );
  using = open(next.key);
  const after = statuses.length;
  await retry(
    async () => statuses.length,
    (count) => count > after + 20,
  );
  going = false;
  await work;
  const refused = statuses.filter((status) => status !== 200);
  expectThat(refused.length === 0, `${refused.length} of ${statuses.length} requests were refused: ${refused[0]}`);
  return `${statuses.length} requests while the key was replaced, none refused`;
}
