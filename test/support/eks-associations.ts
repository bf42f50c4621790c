import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Association {
  readonly associationId: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly roleArn: string;
}

/** Stands in for the associations of EKS, which no stand-in of AWS has: the calls and errors of its API reference. */
export interface EksStandIn {
  readonly url: string;
  /** `POST /clusters/…` of every call. */
  readonly calls: readonly string[];
  readonly associations: Map<string, Association>;
  /** Every call from now on is refused so; undefined: none is. */
  refuse(error: { readonly status: number; readonly name: string } | undefined): void;
  stop(): Promise<void>;
}

export async function startEksStandIn(cluster: string): Promise<EksStandIn> {
  const associations = new Map<string, Association>();
  const calls: string[] = [];
  let refusal: { readonly status: number; readonly name: string } | undefined;
  const server = createServer((request, response) => {
    void (async () => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stand-in');
      calls.push(`${request.method} ${pathname}`);
      const body = await bodyOf(request);
      const answer =
        refusal ?? answerTo(associations, cluster, { method: request.method, pathname, searchParams, body });
      const failed = 'status' in answer;
      const headers = { 'content-type': 'application/json', ...(failed ? { 'x-amzn-errortype': answer.name } : {}) };
      response.writeHead(failed ? answer.status : 200, headers);
      response.end(JSON.stringify(failed ? { message: answer.name } : answer.body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    associations,
    refuse: (error) => {
      refusal = error;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Asked {
  readonly method: string | undefined;
  readonly pathname: string;
  readonly searchParams: URLSearchParams;
  readonly body: Partial<Association>;
}

type Answer = { readonly status: number; readonly name: string } | { readonly body: unknown };

const NOT_FOUND = { status: 404, name: 'ResourceNotFoundException' } as const;

function answerTo(
  known: Map<string, Association>,
  cluster: string,
  { method, pathname, searchParams, body }: Asked,
): Answer {
  const [, , name, kind, id] = pathname.split('/');
  if (name !== cluster || kind !== 'pod-identity-associations') return NOT_FOUND;
  if (id === undefined) return method === 'POST' ? create(known, body) : list(known, searchParams.get('namespace'));
  const found = known.get(id);
  if (found === undefined) return NOT_FOUND;
  if (method === 'DELETE') known.delete(id);
  if (method === 'POST') known.set(id, { ...found, roleArn: body.roleArn ?? found.roleArn });
  return { body: { association: known.get(id) ?? found } };
}

function create(
  known: Map<string, Association>,
  { namespace = '', serviceAccount = '', roleArn = '' }: Partial<Association>,
): Answer {
  const taken = [...known.values()].some((one) => one.namespace === namespace && one.serviceAccount === serviceAccount);
  if (taken) return { status: 409, name: 'ResourceInUseException' };
  const association = { associationId: `a-${known.size + 1}-${serviceAccount}`, namespace, serviceAccount, roleArn };
  known.set(association.associationId, association);
  return { body: { association } };
}

/** Without roles, as EKS lists them. */
const list = (known: Map<string, Association>, namespace: string | null): Answer => ({
  body: {
    associations: [...known.values()]
      .filter((one) => one.namespace === namespace)
      .map(({ roleArn: _, ...summary }) => summary),
  },
});

async function bodyOf(request: IncomingMessage): Promise<Partial<Association>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : (JSON.parse(text) as Partial<Association>);
}
