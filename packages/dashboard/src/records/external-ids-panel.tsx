import { ActionIcon, Badge, Button, Text, Tooltip } from '@mantine/core';
import { useState } from 'react';
import { Confirm } from '../elements/confirm.tsx';
import { Copyable } from '../elements/copyable.tsx';
import { Facts } from '../elements/facts.tsx';
import { Icon } from '../elements/icon.tsx';
import { notify } from '../elements/notify.ts';
import { Panel } from '../elements/panel.tsx';
import { mixedScripts, Plain } from '../elements/plain.tsx';
import { RelativeTime } from '../elements/relative-time.tsx';
import { useEnvironment } from '../session/environment.ts';
import { ExternalIdForm } from './external-id-form.tsx';
import type { DirectoryRecord, Kind } from './kind.ts';
import { useAliases } from './use-aliases.ts';
import { useChanged } from './use-record.ts';
import { useSystems } from './use-systems.ts';

/** One external ID; `system` is null for the primary one. */
export interface ExternalId {
  system: string | null;
  value: string;
}

/** The IDs of a record in all systems, and those it used to have. */
export function ExternalIdsPanel<RecordType extends DirectoryRecord>({ kind, record }: { kind: Kind<RecordType>; record: RecordType }) {
  const { crosswalk, mayEdit } = useEnvironment();
  const changed = useChanged(kind);
  const aliases = useAliases(kind, record);
  const systems = useSystems();
  const [editing, setEditing] = useState<Partial<ExternalId>>();
  // With the record as it was when the question was asked: the page goes on reading it.
  const [removing, setRemoving] = useState<ExternalId & { from: RecordType }>();
  const ids: ExternalId[] = [
    ...(record.external_id === null ? [] : [{ system: null, value: record.external_id }]),
    ...Object.entries(record.external_ids)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([system, value]) => ({ system, value })),
  ];
  const remove = async ({ system, from }: ExternalId & { from: RecordType }) => {
    const change = system === null ? { external_id: null } : { external_ids: { [system]: null } };
    await changed(await kind.update(crosswalk, from.id, change, { ifMatch: from.version }));
    notify('External ID removed.');
  };
  return (
    <Panel
      title="External IDs"
      actions={
        mayEdit && (
          <Button size="compact-sm" variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => setEditing({})}>
            Add ID
          </Button>
        )
      }
    >
      {ids.length === 0 && (
        <Text size="sm" c="dimmed">
          None yet. Give the record the IDs it has in your product, billing, CRM or HR: it is then found by any of them.
        </Text>
      )}
      <Facts
        facts={[
          ...ids.map(({ system, value }) => {
            const label = system === null ? 'External ID' : systems.labelOf(system);
            const link = system === null ? undefined : systems.linkOf(system, value);
            return {
              name: label,
              value: (
                <>
                  <Copyable text={value} label={`${label} ID`} />
                  {mixedScripts(value).length > 0 && (
                    <Badge
                      color="orange"
                      c="var(--mantine-color-text)"
                      size="xs"
                      ml={6}
                      title={`Letters of ${mixedScripts(value).join(' and ')} that look alike`}
                    >
                      mixed scripts
                    </Badge>
                  )}
                  {system !== null && !systems.looksRight(system, value) && (
                    <Tooltip label={`IDs of ${label} mostly look like ${systems.patternOf(system) ?? ''}`}>
                      <Badge color="yellow" c="var(--mantine-color-text)" size="xs" ml={6}>
                        unusual form
                      </Badge>
                    </Tooltip>
                  )}
                </>
              ),
              actions: (
                <>
                  {link !== undefined && (
                    <Tooltip label={`Open in ${label}`}>
                      <ActionIcon
                        component="a"
                        href={link}
                        target="_blank"
                        rel="noopener noreferrer"
                        variant="subtle"
                        color="gray"
                        aria-label={`Open in ${label}`}
                      >
                        <Icon name="link" size={15} />
                      </ActionIcon>
                    </Tooltip>
                  )}
                  {mayEdit && (
                    <>
                      <Tooltip label="Change">
                        <ActionIcon
                          variant="subtle"
                          color="gray"
                          aria-label={`Change ${label}`}
                          onClick={() => setEditing({ system, value })}
                        >
                          <Icon name="pencil" size={15} />
                        </ActionIcon>
                      </Tooltip>
                      <Tooltip label="Remove">
                        <ActionIcon
                          variant="subtle"
                          color="gray"
                          aria-label={`Remove ${label}`}
                          onClick={() => setRemoving({ system, value, from: record })}
                        >
                          <Icon name="trash" size={15} />
                        </ActionIcon>
                      </Tooltip>
                    </>
                  )}
                </>
              ),
            };
          }),
          ...aliases.map(({ system, value, expires_at: end }) => ({
            name: `${system === null ? 'External ID' : systems.labelOf(system)} before`,
            value: (
              <>
                <Copyable text={value} label="former ID" />{' '}
                <Text span size="xs" c="dimmed">
                  still leads here, ends <RelativeTime time={end} />
                </Text>
              </>
            ),
          })),
        ]}
      />
      {editing !== undefined && (
        <ExternalIdForm kind={kind} record={record} given={editing} systems={systems.names} onClose={() => setEditing(undefined)} />
      )}
      {removing !== undefined && (
        <Confirm
          opened
          onClose={() => setRemoving(undefined)}
          title="Remove this ID?"
          action="Remove ID"
          onConfirm={() => remove(removing)}
        >
          <Plain text={removing.value} /> leads nowhere from now on, and another record may take it: whoever looks this one up by it has to
          learn another ID. An ID that is changed rather than removed still leads here for a while.
        </Confirm>
      )}
    </Panel>
  );
}
