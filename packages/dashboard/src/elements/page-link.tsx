import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { usePath } from '../data/location.ts';
import type { SearchParams } from '../data/search-params.ts';

interface PageLinkProps {
  /** a page of the environment on screen, such as `/users/usr_1` */
  to: string;
  search?: SearchParams;
  className?: string | undefined;
  children: ReactNode;
  onClick?: () => void;
  tabIndex?: number;
  'aria-current'?: 'page';
  'data-opens'?: string;
}

/** A link to another page of the environment on screen. Pointing at it loads the page ahead. */
export function PageLink({ to, search = {}, children, ...rest }: PageLinkProps) {
  const path = usePath();
  return (
    <Link to={path(to)} search={search} preload="intent" {...rest}>
      {children}
    </Link>
  );
}
