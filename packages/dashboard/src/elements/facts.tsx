import type { ReactNode } from 'react';
import classes from './facts.module.css';
import { Plain } from './plain.tsx';

/** Names and what they stand for, one below the other. `actions` stand at the end of a line. */
export function Facts({ facts }: { facts: { name: string; value: ReactNode; actions?: ReactNode }[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map(({ name, value, actions }) => (
        <div key={name} className={classes.fact}>
          <dt className={classes.name}>
            <Plain text={name} />
          </dt>
          <dd className={classes.value}>
            <div className={classes.text}>{value}</div>
            {actions !== undefined && <div className={classes.actions}>{actions}</div>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
