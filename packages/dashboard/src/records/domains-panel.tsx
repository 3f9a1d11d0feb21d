import type { Domain } from '@crosswalk/sdk';
import { Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useGrowingList } from '../data/growing-list.ts';
import { Confirm } from '../elements/confirm.tsx';
import { Copyable } from '../elements/copyable.tsx';
import { Facts } from '../elements/facts.tsx';
import { Failure } from '../elements/failure.tsx';
import { Icon } from '../elements/icon.tsx';
import { notify } from '../elements/notify.ts';
import { Panel } from '../elements/panel.tsx';
import { Plain } from '../elements/plain.tsx';
import { RowActions } from '../elements/row-actions.tsx';
import { State } from '../elements/state.tsx';
import { useEnvironment } from '../session/environment.ts';
import { DomainForm } from './domain-form.tsx';
import classes from './domains-panel.module.css';
import { keysetPage } from './kind.ts';

/** What each state is called, and what it means for whoever reads it. */
const states = {
  PENDING: {
    label: <State mood="busy">not verified</State>,
    meaning: 'Whoever has the DNS of the domain sets this TXT record there; then it is checked.',
  },
  FAILED: {
    label: <State mood="warning">not proved</State>,
    meaning: 'The last check did not find this TXT record. A new record can take hours until it is seen everywhere.',
  },
  VERIFIED: {
    label: <State mood="good">verified</State>,
    meaning: 'The organization has proved that the domain is its own. The TXT record is not needed any more.',
  },
  AUTO_VERIFIED: {
    label: <State mood="over">for joining</State>,
    meaning: 'People with an address of the domain may join. There is nothing to prove.',
  },
} as const;

/** The domains of an organization: what they are for, how they are proved, and whether they are. */
export default function DomainsPanel({ organizationId }: { organizationId: string }) {
  const { id: environmentId, crosswalk, mayEdit } = useEnvironment();
  const queries = useQueryClient();
  const [adding, setAdding] = useState(false);
  // As it was when the question was asked: the panel goes on reading it.
  const [deleting, setDeleting] = useState<Domain>();
  const key = [environmentId, 'domains', organizationId];
  const list = useGrowingList(key, async (page, signal) => {
    const answer = await crosswalk.domain.list(organizationId, page, { signal });
    return keysetPage(answer.domains, answer);
  });
  const changed = () => queries.invalidateQueries({ queryKey: key });
  const remove = async ({ id, version }: Domain) => {
    await crosswalk.domain.delete(organizationId, id, { ifMatch: version });
    await changed();
    notify('Domain deleted.');
  };
  return (
    <Panel
      title="Domains"
      actions={
        mayEdit && (
          <Button size="compact-sm" variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding(true)}>
            Add domain
          </Button>
        )
      }
    >
      {list.error !== null && <Failure title="The domains could not be read" error={list.error} onRetry={list.retry} />}
      {list.total === undefined && list.error === null && <Skeleton h={32} aria-hidden="true" />}
      {list.total?.value === 0 && (
        <Text size="sm" c="dimmed">
          None yet. A domain is one that the organization owns and proves, or one whose people may join it.
        </Text>
      )}
      {list.rows.length > 0 && (
        <ul className={classes.list} aria-label="Domains">
          {list.rows.map((domain) => (
            <li key={domain.id} className={classes.domain}>
              <OneDomain domain={domain} onChanged={changed} onDelete={() => setDeleting(domain)} />
            </li>
          ))}
        </ul>
      )}
      {list.more !== undefined && (
        <Button variant="default" mt="sm" loading={list.busy} onClick={list.more}>
          Show more
        </Button>
      )}
      {adding && <DomainForm organizationId={organizationId} onClose={() => setAdding(false)} onAdded={changed} />}
      {deleting !== undefined && (
        <Confirm
          opened
          onClose={() => setDeleting(undefined)}
          title="Delete this domain?"
          action="Delete domain"
          onConfirm={() => remove(deleting)}
        >
          <Plain text={deleting.domain} /> is no domain of this organization any more.{' '}
          {deleting.domain_type === 'ORGANIZATION_DOMAIN'
            ? 'Another organization may have it at once. Who adds it again proves it again, by another TXT record.'
            : 'People with an address of it may not join any more; members stay.'}
        </Confirm>
      )}
    </Panel>
  );
}

function OneDomain({ domain, onChanged, onDelete }: { domain: Domain; onChanged: () => Promise<void>; onDelete: () => void }) {
  const { crosswalk, mayEdit } = useEnvironment();
  const {
    id,
    organization_id: organizationId,
    domain: name,
    verification_status: status,
    txt_record_key: key,
    txt_record_secret: secret,
  } = domain;
  const check = useMutation({
    mutationFn: async () => {
      const { verified } = await crosswalk.domain.verify(organizationId, id);
      await onChanged();
      if (verified) notify(`${name} is verified.`);
      return verified;
    },
  });
  const isOpen = status === 'PENDING' || status === 'FAILED';
  return (
    <Stack gap={6}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
        <Group gap="4px 10px" miw={0}>
          <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
            <Plain text={name} mark />
          </Text>
          {states[status].label}
        </Group>
        {mayEdit && <RowActions actions={[{ icon: 'trash', label: `Delete the domain ${name}`, run: onDelete }]} />}
      </Group>
      <Text size="sm" c="dimmed">
        {states[status].meaning}
      </Text>
      {isOpen && key !== null && secret !== null && (
        <Facts
          facts={[
            { name: 'TXT name', value: <Copyable text={key} label="name of the TXT record" /> },
            { name: 'TXT value', value: <Copyable text={secret} label="value of the TXT record" /> },
          ]}
        />
      )}
      {isOpen && mayEdit && (
        <Group gap="xs">
          <Button
            size="compact-sm"
            variant="default"
            loading={check.isPending}
            onClick={() => check.mutate()}
            aria-label={`Check now: ${name}`}
          >
            Check now
          </Button>
          <Text size="sm" flex="1 1 200px" aria-live="polite">
            {check.isPending && 'Asking the name servers…'}
            {check.data === false && 'Checked just now: no TXT record of this name has this value.'}
          </Text>
        </Group>
      )}
      {check.error !== null && <Failure title="Not checked" error={check.error} />}
    </Stack>
  );
}
