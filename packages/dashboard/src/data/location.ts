import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { useEnvironment } from '../session/environment.ts';
import { parseSearch, type SearchParams, stringifySearch } from './search-params.ts';

/** The address of a page of the environment on screen: `/users/usr_1` becomes `/env_1/users/usr_1`. */
export function usePath(): (page: string) => string {
  const { id } = useEnvironment();
  return useCallback((page: string) => `/${id}${page}`, [id]);
}

/** Opens a page of the environment on screen: `open('/users/usr_1')`. */
export function useOpen(): (page: string, options?: { search?: SearchParams; replace?: boolean }) => void {
  const navigate = useNavigate();
  const path = usePath();
  return useCallback((page, { search = {}, replace = false } = {}) => void navigate({ to: path(page), search, replace }), [navigate, path]);
}

/** What a page keeps in its address, such as filters, and a function that changes some of it; undefined removes. */
export function useAddress(): [SearchParams, (changes: Record<string, string | string[] | undefined>) => void] {
  const navigate = useNavigate();
  const found: Record<string, unknown> = useSearch({ strict: false });
  const search = parseSearch(stringifySearch(found));
  const change = (changes: Record<string, string | string[] | undefined>) =>
    void navigate({ to: '.', search: parseSearch(stringifySearch({ ...search, ...changes })), replace: true });
  return [search, change];
}

/** One text of an address; empty when it is not there. */
export function textOf(search: SearchParams, name: string): string {
  return [search[name] ?? ''].flat()[0] ?? '';
}

/** The texts of an address under one name. */
export function textsOf(search: SearchParams, name: string): string[] {
  return [search[name] ?? []].flat();
}

/** A part of the address that names something: of `/organizations/$id` the `id`. Empty when the address has no such part. */
export function usePathPart(name: string): string {
  const parts: Record<string, string | undefined> = useParams({ strict: false });
  return parts[name] ?? '';
}
