import type { WireType } from './schema.js';

/** A binding doesn't say what is sensitive; these names of the three clouds do. */
const NAMES = [
  ...['password', 'passwd', 'secret', 'client_secret', 'shared_secret', 'secret_string', 'secret_data'],
  ...['access_key', 'secret_access_key', 'secret_key', 'primary_key', 'secondary_key', 'client_key', 'private_key'],
  ...['private_key_pem', 'pre_shared_key', 'auth_token', 'auth_string', 'sas_token', 'connection_string'],
  ...['kube_config_raw', 'kube_admin_config_raw'],
];

const SECRET = new RegExp(`(^|_)(${NAMES.join('|')})$`);

export const isSecret = (name: string, type: WireType): boolean => type === 'string' && SECRET.test(name);
