import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { openBinding, PROVIDERS, type ProviderName, type Types } from './binding.js';
import { Inventory } from './inventory.js';
import { type Calls, type Request, type Secret, Twin } from './provider.js';

export interface Twins {
  readonly versions: Readonly<Record<ProviderName, string>>;
  /** For `TF_REATTACH_PROVIDERS`: Terraform talks to these instead of starting plugins. */
  readonly reattach: string;
  readonly secrets: () => readonly Secret[];
  readonly stop: () => void;
}

/** Where Terraform and where OpenTofu takes `aws` to be from. */
const REGISTRIES = ['registry.terraform.io', 'registry.opentofu.org'] as const;

/** Twins of all three providers on the loopback interface, each serving the types that are in use at that moment. */
export async function startTwins(
  types: (name: ProviderName) => Types,
  {
    proto = protoBeside(),
    inventory = new Inventory(),
  }: { readonly proto?: string; readonly inventory?: Inventory } = {},
): Promise<Twins> {
  const started = await Promise.all(
    PROVIDERS.map(async (name) => {
      const binding = openBinding(name);
      const twin = new Twin(binding, () => types(name), inventory);
      const { server, port } = await listen(twin.calls(), proto);
      return { name, binding, twin, server, port };
    }),
  );
  const reattach = started.flatMap(({ name, port }) =>
    REGISTRIES.map((registry) => [
      `${registry}/hashicorp/${name}`,
      {
        Protocol: 'grpc',
        ProtocolVersion: 5,
        Pid: process.pid,
        Test: true,
        Addr: { Network: 'tcp', String: `127.0.0.1:${port}` },
      },
    ]),
  );
  return {
    versions: Object.fromEntries(started.map(({ name, binding }) => [name, binding.version])) as Twins['versions'],
    reattach: JSON.stringify(Object.fromEntries(reattach)),
    secrets: () => started.flatMap(({ twin }) => twin.secrets),
    stop: () => {
      for (const { server } of started) server.forceShutdown();
    },
  };
}

const protoBeside = (): string => join(dirname(fileURLToPath(import.meta.url)), 'tfplugin5.proto');

async function listen(calls: Calls, proto: string): Promise<{ readonly server: Server; readonly port: number }> {
  const definition = loadSync(proto, { keepCase: true, longs: Number, enums: String, defaults: true })[
    'tfplugin5.Provider'
  ] as ServiceDefinition;
  const server = new Server({ 'grpc.max_send_message_length': -1, 'grpc.max_receive_message_length': -1 });
  const handlers: UntypedServiceImplementation = {};
  for (const [name, call] of Object.entries(calls)) {
    handlers[name] = (asked: Asked, answer: (error: Error | null, value?: object) => void) => {
      try {
        answer(null, call(asked.request, asked.getPeer()));
      } catch (error) {
        answer(error as Error);
      }
    };
  }
  server.addService(definition, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { server, port };
}

interface Asked {
  readonly request: Request;
  readonly getPeer: () => string;
}
