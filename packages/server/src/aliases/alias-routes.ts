import { AliasList } from '@crosswalk/contract';
import { operation } from '../transport/operation.ts';
import { recordPaths } from '../transport/paths.ts';
import { contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { AliasService } from './alias-service.ts';

const kinds = [
  { kind: 'organization', name: 'Organization', prefix: 'org', missing: 'ORGANIZATION_NOT_FOUND' },
  { kind: 'user', name: 'User', prefix: 'usr', missing: 'USER_NOT_FOUND' },
] as const;

/** REST of the external IDs that records used to have. */
export function aliasRoutes(app: Routes, aliases: AliasService): void {
  for (const { kind, name, prefix, missing } of kinds) {
    for (const path of recordPaths(`/api/v1/${kind}s`, prefix)) {
      app.get(
        path.partUrl('aliases'),
        operation(
          {
            id: `list${name}Aliases${path.suffix}`,
            tag: 'External IDs',
            summary: `List the former external IDs of the ${kind} named by ${path.by} that lead to it still`,
            description: 'Those that end last come first. An alias is gone when it ends or when another record claims it.',
            scope: 'read',
            answers: { 200: AliasList },
            errors: [missing, 'INVALID_ID'],
          },
          path.parts,
        ),
        async (request) => ({ aliases: await aliases.list(contextOf(request), kind, path.reference(request)) }),
      );
    }
  }
}
