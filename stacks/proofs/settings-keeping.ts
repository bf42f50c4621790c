import { atLeast, given, is, type Setting, setting } from './setting.js';
import { at, type Resource } from './terraform-json.js';

const COPY = 'aws_s3_bucket_replication_configuration';
const SSE = 'aws_s3_bucket_server_side_encryption_configuration';
const ACR = 'azurerm_container_registry';
const LOGS = 'azurerm_log_analytics_workspace';

const isKms = ({ attributes }: Resource): boolean =>
  at(attributes, 'rule', 0, 'apply_server_side_encryption_by_default', 'sse_algorithm') === 'aws:kms';
/** A bucket of access logs does not log who writes into it: the log would never end. */
const isLogged = ({ id }: Resource): boolean => !id.startsWith('access_logs') && id !== 'state';

/** How what was written is kept, copied and looked at: settings of stores that scanners and reviewers ask for. */
export const keepingSettings: readonly Setting[] = [
  setting(
    ['BUCKET-KEY-CALLS', 'A bucket asks for its key once for many objects'],
    'keys',
    [SSE, 'rule', 'bucket_key_enabled'],
    is(true),
    false,
    { where: isKms },
  ),
  setting(
    ['COPY-TIME', 'Copies in the second region come within minutes, and who waits for one is told'],
    'recovery',
    [COPY, 'rule', 'destination', 'replication_time', 'status'],
    is('Enabled'),
    'Disabled',
  ),
  setting(
    ['COPY-TIME', 'Copies in the second region come within minutes, and who waits for one is told'],
    'recovery',
    [COPY, 'rule', 'destination', 'metrics', 'status'],
    is('Enabled'),
    'Disabled',
  ),
  setting(
    ['VOLUME-LOCK', 'Copies of volumes are locked, and nobody takes that off'],
    'worm',
    ['aws_backup_vault_lock_configuration', 'changeable_for_days'],
    given,
    null,
    { production: true },
  ),
  setting(
    ['VOLUME-LOCK', 'Copies of volumes are locked, and nobody takes that off'],
    'worm',
    ['aws_backup_vault_lock_configuration', 'min_retention_days'],
    atLeast(7),
    1,
    { production: true },
  ),
  setting(
    ['GCS-LOGGED', 'Who reads and writes a bucket is logged'],
    'records',
    ['google_storage_bucket', 'logging', 'log_bucket'],
    given,
    null,
    { where: isLogged, scanners: ['CKV_GCP_62', 'GCP-0077'] },
  ),
  setting(
    ['ACR-ANYBODY', 'Nobody pulls an image without saying who it is'],
    'access',
    [ACR, 'anonymous_pull_enabled'],
    is(false),
    true,
    { scanners: ['CKV_AZURE_138'] },
  ),
  setting(['ACR-ZONES', 'Images stand in three zones'], 'recovery', [ACR, 'zone_redundancy_enabled'], is(true), false, {
    scanners: ['CKV_AZURE_233'],
  }),
  setting(
    ['AZ-BLOB-COPY', 'Nothing is copied out of the directory'],
    'access',
    ['azurerm_storage_account', 'allowed_copy_scope'],
    is('AAD'),
    null,
  ),
  setting(
    ['AZ-LOGS-ROOM', 'Logs take nothing from the internet'],
    'network',
    [LOGS, 'internet_ingestion_enabled'],
    is(false),
    true,
  ),
  setting(['AZ-LOGS-KEYS', 'Logs have no password'], 'access', [LOGS, 'local_authentication_enabled'], is(false), true),
];
