import { Button, CopyButton } from '@mantine/core';
import classes from './code-block.module.css';
import { Icon } from './icon.tsx';

interface CodeBlockProps {
  code: string;
  label: string;
  /** The button to copy it has the focus when the dialog around it opens. */
  isFirst?: boolean;
}

/** Code or JSON to read and copy. It scrolls by keyboard too. */
export function CodeBlock({ code, label, isFirst = false }: CodeBlockProps) {
  return (
    <div className={classes.block}>
      <CopyButton value={code} timeout={1500}>
        {({ copied, copy }) => (
          <Button
            size="compact-xs"
            variant="default"
            className={classes.copy}
            onClick={copy}
            data-autofocus={isFirst || undefined}
            leftSection={<Icon name={copied ? 'check' : 'copy'} size={12} />}
          >
            {copied ? 'Copied' : 'Copy'}
          </Button>
        )}
      </CopyButton>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className={classes.code} tabIndex={0} aria-label={label}>
        <pre className={classes.text}>
          <code dir="ltr">{code}</code>
        </pre>
      </section>
    </div>
  );
}
