import { createServer } from 'node:net';
import { PortAllocator, readLocalPorts, resolvePort } from '../../../../operator/local/node/ports.js';
import { buildPod } from './pods.js';

const spec = {
  containers: [
    {
      name: 'main',
      ports: [{ name: 'http', containerPort: 8283 }, { containerPort: 7000 }],
    },
    { name: 'side', ports: [{ name: 'metrics', containerPort: 9090 }] },
  ],
};
const annotated = (text: string) => buildPod(spec, { annotations: { 'memplane.dev/local-ports': text } });

describe('local ports', () => {
  it('gives every named port of a pod a free one of its own', async () => {
    const allocator = new PortAllocator();
    const all = await Promise.all([1, 2, 3].map((uid) => allocator.allocate(buildPod(spec, { uid: `uid-${uid}` }))));
    const numbers = all.flatMap((ports) => Object.values(ports));
    expect(Object.keys(all[0] ?? {})).toEqual(['http', 'metrics']);
    expect(new Set(numbers).size).toBe(6);
  });

  it('keeps a recorded port while it is free, and takes another when it is not', async () => {
    const recorded = await new PortAllocator().allocate(buildPod(spec));
    const pod = annotated(JSON.stringify(recorded));
    expect(await new PortAllocator().allocate(pod)).toEqual(recorded);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(recorded.http, '127.0.0.1', resolve));
    expect((await new PortAllocator().allocate(pod)).http).not.toBe(recorded.http);
    await new Promise((resolve) => server.close(resolve));
  });

  it.each(['', 'x', '[]', 'null', '{"http":"1"}'])('reads nothing out of the annotation %j', (text) => {
    expect(readLocalPorts(annotated(text))).toEqual({});
  });

  it('finds a port by name or number, mapped if it has a name', () => {
    const ports = { http: 20_001, metrics: 20_002 };
    const found = ['http', 8283, '8283', 'metrics', 9090, 7000, 6000, 'nothing'].map((port) =>
      resolvePort(spec, ports, port),
    );
    expect(found).toEqual([20_001, 20_001, 20_001, 20_002, 20_002, 7000, 6000, undefined]);
  });
});
