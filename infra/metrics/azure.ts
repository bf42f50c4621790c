import { MonitorDataCollectionEndpoint } from '@cdktf/provider-azurerm/lib/monitor-data-collection-endpoint/index.js';
import { MonitorDataCollectionRule } from '@cdktf/provider-azurerm/lib/monitor-data-collection-rule/index.js';
import { MonitorDataCollectionRuleAssociation } from '@cdktf/provider-azurerm/lib/monitor-data-collection-rule-association/index.js';
import { MonitorPrivateLinkScope } from '@cdktf/provider-azurerm/lib/monitor-private-link-scope/index.js';
import { MonitorPrivateLinkScopedService } from '@cdktf/provider-azurerm/lib/monitor-private-link-scoped-service/index.js';
import { MonitorWorkspace } from '@cdktf/provider-azurerm/lib/monitor-workspace/index.js';
import type { Construct } from 'constructs';
import { buildAzureLinks } from '../links/azure.js';
import { GUARDED } from '../support/guard.js';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { MetricsConfig, MetricsOutput } from './contract.js';

type AzureMetrics = MetricsConfig<AzureSite>;

const STREAM = 'Microsoft-PrometheusMetrics';

/** The workspace has a key of Azure's: it takes none of ours. Neither it nor its way in answers on the internet. */
export function buildAzureMetrics(unit: Construct, config: AzureMetrics): MetricsOutput {
  const { site, name, tags } = config;
  const place = { resourceGroupName: site.resourceGroup, tags: buildTags('azure', tags, 'ops') };
  const at = { ...place, location: site.region, publicNetworkAccessEnabled: false };
  const workspace = new MonitorWorkspace(unit, 'workspace', { ...at, name: `${name}-metrics`, lifecycle: GUARDED });
  const endpoint = new MonitorDataCollectionEndpoint(unit, 'endpoint', {
    ...at,
    name: `${name}-metrics`,
    kind: 'Linux',
  });
  collect(unit, config, workspace, endpoint);
  link(unit, config, endpoint);
  return { provider: 'azure-monitor', endpoint: workspace.queryEndpoint, annotations: {} };
}

/** What the cluster's own agent scrapes goes to the workspace, through the endpoint. */
function collect(
  unit: Construct,
  { site, name, tags, cluster }: AzureMetrics,
  workspace: MonitorWorkspace,
  endpoint: MonitorDataCollectionEndpoint,
): void {
  const rule = new MonitorDataCollectionRule(unit, 'rule', {
    name: `${name}-metrics`,
    resourceGroupName: site.resourceGroup,
    location: site.region,
    kind: 'Linux',
    dataCollectionEndpointId: endpoint.id,
    dataSources: { prometheusForwarder: [{ name: 'pods', streams: [STREAM] }] },
    destinations: { monitorAccount: [{ name: 'workspace', monitorAccountId: workspace.id }] },
    dataFlow: [{ streams: [STREAM], destinations: ['workspace'] }],
    tags: buildTags('azure', tags, 'ops'),
  });
  new MonitorDataCollectionRuleAssociation(unit, 'of_cluster', {
    name: `${name}-metrics`,
    targetResourceId: cluster.id,
    dataCollectionRuleId: rule.id,
  });
  // Azure fixes this name: there is one endpoint from which a resource takes its settings.
  new MonitorDataCollectionRuleAssociation(unit, 'from_endpoint', {
    name: 'configurationAccessEndpoint',
    targetResourceId: cluster.id,
    dataCollectionEndpointId: endpoint.id,
  });
}

/** One private way for all that Azure Monitor takes in; whatever of it is not in the scope takes nothing from here. */
function link(unit: Construct, config: AzureMetrics, endpoint: MonitorDataCollectionEndpoint): void {
  const { site, name, tags, network } = config;
  const scope = new MonitorPrivateLinkScope(unit, 'scope', {
    name: `${name}-metrics`,
    resourceGroupName: site.resourceGroup,
    ingestionAccessMode: 'PrivateOnly',
    queryAccessMode: 'Open',
    tags: buildTags('azure', tags, 'ops'),
  });
  const scoped = new MonitorPrivateLinkScopedService(unit, 'scoped', {
    name: `${name}-metrics`,
    resourceGroupName: site.resourceGroup,
    scopeName: scope.name,
    linkedResourceId: endpoint.id,
  });
  const metrics = { name: 'metrics', kind: 'Metrics', id: scope.id } as const;
  buildAzureLinks(unit, { site, name, tags, network, links: [metrics] }, [scoped]);
}
