import type { Failure } from '@crosswalk/sdk';
import { Text } from '@mantine/core';
import type { SearchParams } from '../../data/search-params.ts';
import { PageLink } from '../../elements/page-link.tsx';
import { Panel } from '../../elements/panel.tsx';
import { Plain } from '../../elements/plain.tsx';
import { RelativeTime } from '../../elements/relative-time.tsx';
import classes from './failures.module.css';

/** What went wrong lately and still waits for a person, each with the way to where it is mended. */
export function Failures({ failures }: { failures: Failure[] }) {
  return (
    <Panel title="Recent failures">
      {failures.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nothing needs you: no webhook fails, no mail was given up, no import rejected rows.
        </Text>
      ) : (
        <ul className={classes.list}>
          {failures.map((failure) => (
            <li key={`${failure.kind} ${failure.id}`} className={classes.failure}>
              <div className={classes.what}>
                <PageLink {...placeOf(failure)}>
                  <Plain text={failure.title} />
                </PageLink>
                <Text size="sm" c="dimmed">
                  <Plain text={failure.detail} />
                </Text>
              </div>
              <Text size="sm" c="dimmed">
                <RelativeTime time={failure.time} />
              </Text>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** Where a failure is mended. */
function placeOf({ kind, id }: Failure): { to: string; search?: SearchParams } {
  if (kind === 'message') return { to: '/mailbox', search: { state: 'FAILED' } };
  return { to: `${kind === 'import' ? '/imports' : '/webhooks'}/${id}` };
}
