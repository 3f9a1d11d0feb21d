import { CopyButton, UnstyledButton } from '@mantine/core';
import classes from './copyable.module.css';
import { Icon } from './icon.tsx';

/** A text that is copied by a click: IDs. `label` names it for screen readers, such as "organization ID". */
export function Copyable({ text, label, shown = text }: { text: string; label: string; shown?: string }) {
  return (
    <CopyButton value={text} timeout={1500}>
      {({ copied, copy }) => (
        <UnstyledButton
          className={classes.button}
          onClick={copy}
          aria-label={`Copy ${label} ${text}`}
          title={copied ? 'Copied' : `Copy ${label}`}
        >
          <bdi className={classes.text}>{shown}</bdi>
          <span className={classes.icon} data-copied={copied || undefined}>
            <Icon name={copied ? 'check' : 'copy'} size={13} />
          </span>
        </UnstyledButton>
      )}
    </CopyButton>
  );
}
