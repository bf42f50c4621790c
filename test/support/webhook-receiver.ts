/** Somebody who listens to webhooks: a real HTTPS server. What it cannot be is a public address. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';

export interface Received {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
export interface WebhookReceiver {
  readonly url: string;
  readonly ca: string;
  readonly received: Received[];
  /** The status of the answers from now on. */
  status: number;
  stop(): Promise<void>;
}

export const startWebhookReceiver = async (): Promise<WebhookReceiver> => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'receiver' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  const received: Received[] = [];
  const server = createServer({ key, cert }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString() });
    response.writeHead(receiver.status, receiver.status === 302 ? { Location: 'https://127.0.0.1/' } : {}).end('heard');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: WebhookReceiver = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    ca: cert,
    received,
    status: 200,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
};
