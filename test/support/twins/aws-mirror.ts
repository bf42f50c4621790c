import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const AWS_ADDRESS = 'registry.terraform.io/hashicorp/aws';

export interface Mirror {
  readonly folder: string;
  readonly version: string;
}

/** Where `terraform providers mirror` and packages put plugins; `TF_PLUGIN_MIRROR` names another folder. */
export function findAwsMirror(): Mirror | undefined {
  const folder = [
    process.env.TF_PLUGIN_MIRROR ?? '',
    ...(existsSync('/opt') ? readdirSync('/opt').map((name) => join('/opt', name)) : []),
    '/usr/share/terraform/plugins',
    '/usr/local/share/terraform/plugins',
    join(homedir(), '.terraform.d/plugins'),
  ].find((one) => one !== '' && existsSync(join(one, AWS_ADDRESS)));
  if (folder === undefined) return undefined;
  const version = readdirSync(join(folder, AWS_ADDRESS))
    .filter((one) => /^\d/.test(one))
    .sort()
    .at(-1);
  return version === undefined ? undefined : { folder, version };
}

interface Stack {
  readonly terraform: { readonly required_providers?: Readonly<Record<string, object>> };
  readonly provider?: Readonly<Record<string, readonly object[]>>;
}

/** For the real provider without an account: it asks nobody who it is, and has the version that is there. */
export function withoutAccount<T extends Stack>(stack: T, { version }: Mirror): T {
  const { terraform, provider = {} } = stack;
  const { aws, ...required } = terraform.required_providers ?? {};
  const offline = (provider.aws ?? []).map((one) => ({ ...one, ...OFFLINE, allowed_account_ids: undefined }));
  return {
    ...stack,
    terraform: { ...terraform, required_providers: { ...required, aws: { ...aws, version } } },
    provider: { ...provider, aws: offline },
  };
}

const OFFLINE = {
  access_key: 'offline',
  secret_key: 'offline',
  skip_credentials_validation: true,
  skip_requesting_account_id: true,
  skip_metadata_api_check: 'true',
  skip_region_validation: true,
};
