import type { WebhookEndpoint } from '@crosswalk/sdk';
import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEnvironment } from '../session/environment.ts';

/** All endpoints: they are few. */
export function useEndpoints(): UseQueryResult<WebhookEndpoint[]> {
  const { id: environmentId, crosswalk } = useEnvironment();
  return useQuery({
    queryKey: [environmentId, 'webhooks', 'list'],
    queryFn: ({ signal }) => crosswalk.webhookEndpoint.list({ signal }),
  });
}

/** One endpoint. */
export function useEndpoint(id: string): UseQueryResult<WebhookEndpoint> {
  const { id: environmentId, crosswalk } = useEnvironment();
  return useQuery({
    queryKey: [environmentId, 'webhooks', 'one', id],
    queryFn: ({ signal }) => crosswalk.webhookEndpoint.get(id, { signal }),
  });
}

/** Reads again what an endpoint, its deliveries or its figures are, after something was done to them. */
export function useRefreshWebhooks(): () => Promise<void> {
  const { id: environmentId } = useEnvironment();
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: [environmentId, 'webhooks'] });
}
