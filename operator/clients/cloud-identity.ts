import { readFile } from 'node:fs/promises';
import { CloudRefused, demandText, fetchJson, type Json, type TokenSource } from './cloud-rest.js';

/** What a pod was given to say who it is, under the names of the environment. */
export interface PodIdentity {
  readonly GCE_METADATA_HOST?: string | undefined;
  readonly AZURE_CLIENT_ID?: string | undefined;
  readonly AZURE_TENANT_ID?: string | undefined;
  readonly AZURE_FEDERATED_TOKEN_FILE?: string | undefined;
  readonly AZURE_AUTHORITY_HOST?: string | undefined;
}

/** Azure gives a token for one service at a time. */
export type AzureAudience = 'https://vault.azure.net' | 'https://storage.azure.com' | 'https://management.azure.com';

/** The token by which this pod asks its cloud; of Azure's services its KMS, unless another one is named. */
export const podToken = (
  provider: 'gcp' | 'azure',
  identity: PodIdentity,
  audience: AzureAudience = 'https://vault.azure.net',
): TokenSource => (provider === 'gcp' ? googleToken(identity) : azureToken(identity, audience));

const googleToken = ({ GCE_METADATA_HOST: host = 'metadata.google.internal' }: PodIdentity): TokenSource =>
  reuse(() =>
    fetchJson(`http://${host}/computeMetadata/v1/instance/service-accounts/default/token`, {
      headers: { 'Metadata-Flavor': 'Google' },
    }),
  );

const AUTHORITY = 'https://login.microsoftonline.com/';

/** Workload identity: the token of the pod's service account is exchanged for one of Azure. */
const azureToken = (identity: PodIdentity, audience: AzureAudience): TokenSource => {
  const { AZURE_CLIENT_ID: client, AZURE_TENANT_ID: tenant, AZURE_FEDERATED_TOKEN_FILE: file } = identity;
  return reuse(async () => {
    if (client === undefined || tenant === undefined || file === undefined) {
      const missing = 'AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE';
      throw new CloudRefused(`this pod has no identity in Azure: its workload identity sets ${missing}`, undefined);
    }
    const authority = (identity.AZURE_AUTHORITY_HOST ?? AUTHORITY).replace(/\/+$/, '');
    const form = {
      grant_type: 'client_credentials',
      client_id: client,
      scope: `${audience}/.default`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: (await readFile(file, 'utf8')).trim(),
    };
    const body = new URLSearchParams(form);
    return await fetchJson(`${authority}/${tenant}/oauth2/v2.0/token`, { method: 'POST', body });
  });
};

/** A token that ends in the midst of a call is of no use. */
const EARLY_MS = 60_000;

/** Asked for again when its time is nearly over; several who need one at once share the question. */
const reuse = (ask: () => Promise<Json>): TokenSource => {
  let known: { readonly token: string; readonly until: number } | undefined;
  let asking: Promise<string> | undefined;
  const renew = async (): Promise<string> => {
    const { access_token, expires_in } = await ask();
    const token = demandText(access_token, 'access_token');
    known = { token, until: Date.now() + Number(expires_in ?? 0) * 1_000 - EARLY_MS };
    return token;
  };
  return async () => {
    if (known && Date.now() < known.until) return known.token;
    asking ??= renew().finally(() => {
      asking = undefined;
    });
    return await asking;
  };
};
