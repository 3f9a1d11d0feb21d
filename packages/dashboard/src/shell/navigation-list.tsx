import { useLocation } from '@tanstack/react-router';
import { Icon } from '../elements/icon.tsx';
import { PageLink } from '../elements/page-link.tsx';
import { useEnvironment } from '../session/environment.ts';
import { entriesFor, navigation } from './navigation.ts';
import classes from './shell.module.css';

/** The links to all pages that the operator may open. */
export function Navigation() {
  const { id, mayAdminister } = useEnvironment();
  const { pathname } = useLocation();
  return navigation.map(({ title, entries }) => {
    const open = entries.filter((entry) => entriesFor(mayAdminister).includes(entry));
    if (open.length === 0) return null;
    return (
      <div className={classes.group} key={title}>
        <div className={classes.groupTitle}>{title}</div>
        {open.map(({ label, to, icon }) => (
          <PageLink
            key={to}
            to={to}
            className={classes.link}
            {...(`${pathname}/`.startsWith(`/${id}${to}/`) ? { 'aria-current': 'page' as const } : {})}
          >
            <Icon name={icon} />
            {label}
          </PageLink>
        ))}
      </div>
    );
  });
}
