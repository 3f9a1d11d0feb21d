import { ActionIcon, Group, Tooltip } from '@mantine/core';
import { Icon, type IconName } from './icon.tsx';

/** Something that can be done with a row. `label` is a verb and its object: "Delete the client Billing". */
export interface RowAction {
  icon: IconName;
  label: string;
  run: () => void;
}

/** The buttons at the end of a row. */
export function RowActions({ actions }: { actions: RowAction[] }) {
  return (
    <Group gap={2} wrap="nowrap" justify="flex-end">
      {actions.map(({ icon, label, run }) => (
        <Tooltip key={label} label={<bdi>{label}</bdi>}>
          <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={run}>
            <Icon name={icon} size={15} />
          </ActionIcon>
        </Tooltip>
      ))}
    </Group>
  );
}
