import { request } from 'undici';
import { openMemoryApi } from './memory-api.js';
import { expectStatus, expectThat, retry } from './tour-checks.js';

interface Access {
  readonly url: string;
  readonly key: string;
}

const PERSON = 'traveller';
const FACTS = ['The traveller collects maps', 'The traveller fears heights', 'The traveller speaks Basque'] as const;

/** A person's memories leave one tenant as a signed file, are found in another, and are erased there with a certificate. */
export async function moveAndErase(from: Access, to: Access): Promise<string> {
  const [source, target] = [openMemoryApi(from.url, from.key), openMemoryApi(to.url, to.key)];
  for (const content of FACTS) expectStatus(await source.create(PERSON, content), 201);
  const file = await send(from, '/api/v1/export', 'application/json', JSON.stringify(WHOLE));
  const footer = JSON.parse(file.trim().split('\n').at(-1) ?? '{}') as Footer;
  expectThat(footer.count?.memory === FACTS.length, `the export ends with ${JSON.stringify(footer)}`);
  const forged = await send(to, IMPORT, NDJSON, file.replace('heights', 'depths'));
  expectThat(JSON.parse(forged).status === 400, `a changed file was answered with ${forged}`);
  const told = JSON.parse(await send(to, IMPORT, NDJSON, file)) as Imported;
  expectThat(told.created === FACTS.length && told.failed === 0, `the import answered ${JSON.stringify(told)}`);
  const [best] = await target.search(PERSON, 'what is she afraid of?');
  expectThat(
    FACTS.some((fact) => fact === best?.content),
    `the other tenant found ${JSON.stringify(best?.content)}`,
  );
  const erased = await erasePerson(to);
  return `${told.created} memories moved as one signed file (changed by a word it is refused), then erased there: certificate ${erased}`;
}

const WHOLE = { user_id: PERSON, include: ['vectors', 'history'] };
const NDJSON = 'application/x-ndjson';
const IMPORT = '/api/v1/import?on_conflict=new_ids';

interface Footer {
  readonly count?: { readonly memory: number };
}
interface Imported {
  readonly created: number;
  readonly failed: number;
}

const send = async ({ url, key }: Access, path: string, type: string, body: string): Promise<string> => {
  const headers = { 'x-api-key': key, 'content-type': type };
  const answer = await request(`${url}${path}`, { method: 'POST', headers, body });
  return answer.body.text();
};

const erasePerson = async (to: Access): Promise<string> => {
  const api = openMemoryApi(to.url, to.key);
  const asked = await api.call('DELETE', `/api/v1/users/${PERSON}`);
  expectThat(asked.status === 200 || asked.status === 202, `the erasure was answered with ${asked.status}`);
  const done = await retry(
    () => api.call('GET', `/api/v1/erasures/${String(asked.body.erasure_id)}`),
    ({ body }) => body.status === 'completed',
  );
  const left = await api.search(PERSON, 'maps');
  expectThat(!left.some(({ content }) => FACTS.some((fact) => fact === content)), 'an erased memory was found');
  const { body } = expectStatus(await api.call('GET', String(done.body.certificate_url)), 200);
  const told = JSON.parse(Buffer.from(String(body.payload), 'base64').toString('utf8')) as {
    readonly stage: string;
    readonly checks: { readonly canaries: number; readonly opened: number; readonly hits: number };
  };
  const { canaries, opened, hits } = told.checks;
  expectThat(opened === 0 && hits === 0, `the certificate says ${JSON.stringify(told.checks)}`);
  return `"${told.stage}", ${canaries} sealed values tried without their key, ${opened} opened`;
};
