import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  KMSClient,
  paginateListAliases,
} from '@aws-sdk/client-kms';
import type { Facts, Target } from '../target.js';
import { keyName } from './policy.js';
import { type AwsOptions, ask, clientConfig, perRegion } from './request.js';
import { readPolicy, statementFacts } from './statements.js';

export interface Keys {
  read(target: Target): Promise<Facts | undefined>;
  /** A key's id or ARN as the name that the stacks know it by; itself when no alias points to it. */
  nameOf(id: string | undefined, region: string): Promise<string | undefined>;
  close(): void;
}

const ABSENT = ['NotFoundException'];

export function openKeys(options: AwsOptions): Keys {
  const clients = perRegion((region) => new KMSClient(clientConfig(region, options)));
  const aliases = new Map<string, Promise<ReadonlyMap<string, string>>>();
  const aliasesIn = (region: string): Promise<ReadonlyMap<string, string>> => {
    const known = aliases.get(region) ?? listAliases(clients.of(region));
    aliases.set(region, known);
    return known;
  };
  const keys: Keys = {
    read: (target) => readKey(clients.of(target.region), target, keys),
    async nameOf(id, region) {
      if (id === undefined) return undefined;
      if (id.includes('alias/')) return keyName(id.slice(id.indexOf('alias/')), region);
      const alias = (await aliasesIn(region)).get(id.split('/').at(-1) ?? '');
      return alias === undefined ? id : keyName(alias, region);
    },
    close: clients.close,
  };
  return keys;
}

async function readKey(client: KMSClient, { name }: Target, keys: Keys): Promise<Facts | undefined> {
  const described = await ask(client.send(new DescribeKeyCommand({ KeyId: name })), ABSENT);
  const key = described?.KeyMetadata;
  if (key === undefined) return undefined;
  const rotates = key.KeyUsage === 'ENCRYPT_DECRYPT' && key.KeyState === 'Enabled';
  const rotation = rotates
    ? await ask(client.send(new GetKeyRotationStatusCommand({ KeyId: key.KeyId ?? name })), ABSENT)
    : undefined;
  const command = new GetKeyPolicyCommand({ KeyId: key.KeyId ?? name, PolicyName: 'default' });
  const policy = (await ask(client.send(command), ABSENT))?.Policy;
  return {
    account: key.AWSAccountId,
    state: key.KeyState,
    usage: key.KeyUsage,
    'multi-region': key.MultiRegion === true,
    // Services that do not tell the period have the one of old: a year.
    'rotation days': rotation?.KeyRotationEnabled === true ? (rotation.RotationPeriodInDays ?? 365) : undefined,
    ...statementFacts(await readPolicy(policy, keys)),
  };
}

/** Key id → alias. Our own aliases win over AWS' and others' of the same key. */
async function listAliases(client: KMSClient): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const listing = (async () => {
    for await (const { Aliases = [] } of paginateListAliases({ client }, {})) {
      for (const { AliasName, TargetKeyId } of Aliases) {
        if (AliasName === undefined || TargetKeyId === undefined) continue;
        if (!found.has(TargetKeyId) || AliasName.startsWith('alias/memplane-')) found.set(TargetKeyId, AliasName);
      }
    }
  })();
  await ask(listing, []);
  return found;
}
