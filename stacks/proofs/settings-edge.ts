import { is, matching, type Setting, setting } from './setting.js';
import { at, type Resource } from './terraform-json.js';

const isPublicZone = ({ attributes }: Resource): boolean => at(attributes, 'visibility') === 'public';

const ZONE = 'google_dns_managed_zone';

/** What stands at the edge of all three clouds: the zone of tenants' names, and metrics kept by the cloud. */
export const edgeSettings: readonly Setting[] = [
  setting(
    ['EDGE-SIGNED', 'Answers of the zone that the world asks are signed'],
    'network',
    [ZONE, 'dnssec_config', 'state'],
    is('on'),
    'off',
    { where: isPublicZone, scanners: ['CKV_GCP_16'] },
  ),
  setting(
    ['EDGE-KEPT', 'A zone that still has names in it is not taken away'],
    'recovery',
    [ZONE, 'force_destroy'],
    is(false),
    true,
    { where: isPublicZone },
  ),
  setting(['EDGE-KEPT', 'Nor is it on AWS'], 'recovery', ['aws_route53_zone', 'force_destroy'], is(false), true),
  setting(
    ['METRICS-PRIVATE', 'Metrics are not asked for from the internet'],
    'network',
    ['azurerm_monitor_workspace', 'public_network_access_enabled'],
    is(false),
    true,
  ),
  setting(
    ['METRICS-PRIVATE', 'Nor are they taken in from there'],
    'network',
    ['azurerm_monitor_data_collection_endpoint', 'public_network_access_enabled'],
    is(false),
    true,
  ),
  setting(
    ['METRICS-PRIVATE', 'What the network sends to Azure Monitor goes to what is ours'],
    'network',
    ['azurerm_monitor_private_link_scope', 'ingestion_access_mode'],
    is('PrivateOnly'),
    'Open',
  ),
  setting(
    ['GKE-GROUPS', 'Roles in the cluster are given to groups of people'],
    'access',
    ['google_container_cluster', 'authenticator_groups_config', 'security_group'],
    matching(/^gke-security-groups@[^@\s]+$/, 'the group gke-security-groups of your domain'),
    null,
    { scanners: ['CKV_GCP_65'] },
  ),
];
