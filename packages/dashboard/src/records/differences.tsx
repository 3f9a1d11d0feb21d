import { Button } from '@mantine/core';
import { Value } from '../elements/json-value.tsx';
import { Plain } from '../elements/plain.tsx';
import classes from './differences.module.css';
import type { Difference } from './metadata-draft.ts';

/** Something that can be done about one difference. */
interface Action {
  label: string;
  run: () => void;
}

interface DifferencesProps {
  differences: Difference[];
  actionOf?: (difference: Difference) => Action | undefined;
}

/** What changes, key by key: before and after. */
export function Differences({ differences, actionOf }: DifferencesProps) {
  return (
    <div className={classes.list}>
      {differences.map(({ key, before, after }) => {
        const action = actionOf?.({ key, before, after });
        return (
          <div key={key} className={classes.difference}>
            <div className={classes.key}>
              <Plain text={key} />
            </div>
            <div className={classes.values}>
              {before !== undefined && (
                <del className={classes.before}>
                  <Value value={before} />
                </del>
              )}
              {after !== undefined && (
                <ins className={classes.after}>
                  <Value value={after} />
                </ins>
              )}
              {action !== undefined && (
                <Button size="compact-xs" variant="subtle" onClick={action.run}>
                  {action.label}
                </Button>
              )}
            </div>
          </div>
        );
      })}
    </div>
  );
}
