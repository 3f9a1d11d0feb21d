import { curl, node, quoted, shell } from '../../elements/client-code.ts';
import { CodeExample } from '../../elements/code-example.tsx';
import type { Wanted } from '../../events/use-events.ts';

/** How to read these events by code: programs read the feed, which misses none. */
export function EventCode({ wanted: { types, organizationId, actorId } }: { wanted: Wanted }) {
  const query = new URLSearchParams({
    ...(types === undefined ? {} : { types: types.join(',') }),
    ...(organizationId === undefined ? {} : { organization_id: organizationId }),
    ...(actorId === undefined ? {} : { actor_id: actorId }),
  });
  const wanted = [
    ...(types === undefined ? [] : [`types: [${types.map(quoted).join(', ')}]`]),
    ...(organizationId === undefined ? [] : [`organizationId: ${quoted(organizationId)}`]),
    ...(actorId === undefined ? [] : [`actorId: ${quoted(actorId)}`]),
    'follow: true',
  ];
  return (
    <CodeExample
      example={{
        curl: curl(`/api/v1/events${query.size === 0 ? '' : `?${query}`}`),
        node: node(`for await (const event of crosswalk.events.list({ ${wanted.join(', ')} })) console.log(event.type, event.record_id);`),
        cli: `npx crosswalk events tail${types === undefined ? '' : ` --types ${shell(types.join(','))}`}`,
      }}
    />
  );
}
