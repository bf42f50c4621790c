import { Type } from '@sinclair/typebox';
import { choice, integer, text } from './config-fields.js';

const PROVIDERS = ['file', 'aws', 'gcp', 'azure', 'vault'] as const;
const SIGNERS = ['file', 'aws', 'gcp', 'azure'] as const;

/** Who unwraps the tenant key, and which key of the plane signs beside the log's own. */
export const KmsSettings = {
  KMS_PROVIDER: choice(PROVIDERS, 'file', 'Who unwraps the tenant key.'),
  KMS_KEY_ID: text('^.+$', {
    description:
      'The wrapping key: for "file" the absolute path of the key file, for "gcp" the name of the key, for "azure" its URL with the version.',
    allowed: 'a path, an ARN, a key name, a URL',
  }),
  KMS_CHECK_SECONDS: integer(
    0,
    86_400,
    60,
    'How often the KMS is asked for the tenant key again: how soon readiness says that it is away, or gives the key no more. 0: never.',
  ),
  KMS_ENDPOINT: Type.Optional(
    text('^https?://.+', {
      description:
        'Where the KMS is, if not at its own address; of unwrapping and of signing. Tokens of Google and Azure go over https or to this machine only.',
      allowed: 'a URL',
    }),
  ),
  AUDIT_KMS_KEY_ID: Type.Optional(
    text('^.+$', {
      description:
        'A key of ECDSA P-256 that signs checkpoints and erasure certificates beside the log\'s own: for "file" the path of a PEM, for "aws" an ARN, for "gcp" a key version, for "azure" the key\'s URL with its version. Unset: the log\'s key alone signs.',
      allowed: 'a path, an ARN, a name of a key version, a URL',
    }),
  ),
  AUDIT_KMS_PROVIDER: Type.Optional(
    Type.String({
      enum: [...SIGNERS],
      description: 'Who holds AUDIT_KMS_KEY_ID. Unset: KMS_PROVIDER.',
      allowed: SIGNERS.join(', '),
    }),
  ),
  AUDIT_KMS_KEY_NAME: text(
    '^[A-Za-z0-9.:/_-]{1,200}$',
    {
      description: 'The name of that key in signatures, as a policy of memoryctl audit verify has it.',
      allowed: '1 to 200 letters, digits, and . : / _ -',
    },
    { default: 'memplane.dev/plane' },
  ),
  AUDIT_KMS_INTERVAL_MS: integer(
    1_000,
    86_400_000,
    60_000,
    'How long the newest checkpoint may be without the signature of AUDIT_KMS_KEY_ID: each costs a call. Whoever asks for a checkpoint gets one signed at once.',
  ),
} as const;

/** What the clouds give a pod to say who it is. AWS reads its own names through its SDK. */
export const CloudIdentity = {
  GCE_METADATA_HOST: Type.Optional(
    text('^[A-Za-z0-9.:-]{1,253}$', {
      description: "Google's metadata server, if not at its own address.",
      allowed: 'host or host:port',
    }),
  ),
  AZURE_CLIENT_ID: Type.Optional(
    text('^[0-9A-Za-z-]{1,64}$', {
      description: "The pod's identity in Azure; its workload identity sets it.",
      allowed: 'a UUID',
    }),
  ),
  AZURE_TENANT_ID: Type.Optional(
    text('^[0-9A-Za-z.-]{1,128}$', {
      description: "The directory of the pod's identity in Azure; its workload identity sets it.",
      allowed: 'a UUID',
    }),
  ),
  AZURE_FEDERATED_TOKEN_FILE: Type.Optional(
    text('^/.+', {
      description: "The file with the pod's token for Azure; its workload identity sets it.",
      allowed: 'an absolute path',
    }),
  ),
  AZURE_AUTHORITY_HOST: Type.Optional(
    text('^https?://.+', {
      description: 'Where Azure takes that token. Unset: https://login.microsoftonline.com/',
      allowed: 'a URL',
    }),
  ),
} as const;
