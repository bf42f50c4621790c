import { KEYED, KEYS } from './key-paths.js';
import { evidence, type Rule } from './rule.js';
import { allResources, at, guarded, type Resource, shown } from './terraform-json.js';

/** Machines, disks' defaults and logs can be made again; the rest of what has a key cannot. */
const REPLACEABLE =
  /^(aws_(cloudwatch_log_group|launch_template|ebs_default_kms_key|sns_topic)|google_container_node_pool|google_logging_project_bucket_config|azurerm_disk_encryption_set)$/;
const HELD =
  /^(aws_s3_bucket|aws_route53_zone|google_kms_key_ring|azurerm_(dns_zone|key_vault|monitor_workspace|storage_container)|google_sql_database)$/;

/** A private zone is a part of the network; what a public one holds, others rely on. */
const isPublicZone = ({ type, attributes }: Resource): boolean =>
  type === 'google_dns_managed_zone' && at(attributes, 'visibility') !== 'private';

const holds = (one: Resource): boolean => isPublicZone(one) || holdsData(one.type);

const holdsData = (type: string): boolean =>
  HELD.test(type) ||
  KEYS.test(type) ||
  (KEYED[type] !== undefined && !REPLACEABLE.test(type) && !/_configuration$/.test(type));

/** Terraform's own guard; the clouds' own are settings of each resource. */
export const stateGuard: Rule = {
  id: 'STATE-GUARD',
  title: 'A plan that would destroy data or a key stops',
  topic: 'recovery',
  scanners: ['CKV_GCP_82'],
  remedy: 'spread GUARDED of infra/support/guard.ts into the lifecycle of the resource',
  prove: (world) =>
    world.stacks.flatMap((stack) =>
      allResources(stack.json)
        .filter(holds)
        .map((one) =>
          evidence(stack, one, guarded(one.attributes), {
            attribute: 'lifecycle.prevent_destroy',
            value: shown(at(one.attributes, 'lifecycle', 'prevent_destroy')),
            wanted: 'true',
          }),
        ),
    ),
};
