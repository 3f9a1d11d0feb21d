import { Menu, UnstyledButton } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { Icon } from '../elements/icon.tsx';
import { Plain } from '../elements/plain.tsx';
import { useEnvironment } from '../session/environment.ts';
import { useSession } from '../session/session.ts';
import { startPage } from './navigation.ts';
import classes from './shell.module.css';

/** Says which environment is on screen and opens another. */
export function EnvironmentSwitcher() {
  const current = useEnvironment();
  const { environments } = useSession();
  const navigate = useNavigate();
  return (
    <Menu width={240} position="bottom-start">
      <Menu.Target>
        <UnstyledButton className={classes.switcher} aria-label={`Environment ${current.name}, change it`}>
          <span className={classes.switcherName}>
            <Plain text={current.name} />
          </span>
          <Icon name="down" size={14} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Environment</Menu.Label>
        {environments.map(({ id, name, role }) => (
          <Menu.Item
            key={id}
            onClick={() => void navigate({ to: startOf(id) })}
            leftSection={id === current.id ? <Icon name="check" size={14} /> : <span style={{ width: 14, display: 'block' }} />}
            rightSection={<span style={{ color: 'var(--mantine-color-dimmed)', fontSize: 12 }}>{role}</span>}
          >
            <Plain text={name} />
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function startOf(environmentId: string): string {
  return `/${environmentId}${startPage}`;
}
