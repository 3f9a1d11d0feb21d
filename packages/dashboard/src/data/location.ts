import { useDebouncedCallback } from '@mantine/hooks';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import { useEnvironment } from '../session/environment.ts';
import { parseSearch, type SearchParams, stringifySearch } from './search-params.ts';

/** The address of a page of the environment on screen: `/users/usr_1` becomes `/env_1/users/usr_1`. */
export function usePath(): (page: string) => string {
  const { id } = useEnvironment();
  return useCallback((page: string) => `/${id}${page}`, [id]);
}

/** Opens a page of the environment on screen: `open('/users/usr_1')`. Waits until it is there. */
export function useOpen(): (page: string, options?: { search?: SearchParams; replace?: boolean }) => Promise<void> {
  const navigate = useNavigate();
  const path = usePath();
  return useCallback((page, { search = {}, replace = false } = {}) => navigate({ to: path(page), search, replace }), [navigate, path]);
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

/** How long a pause in typing is, after which the address has what was typed. Milliseconds. */
const pause = 250;

/** A field whose text is kept in the address under a name, once typing pauses. It follows the address where that changed otherwise. */
export function useAddressField(name: string): [string, (typed: string) => void] {
  const [address, setAddress] = useAddress();
  const text = textOf(address, name);
  const [typed, setTyped] = useState(text);
  const [{ seen, written }, setFollowed] = useState({ seen: text, written: text });
  if (text !== seen) {
    setFollowed({ seen: text, written });
    if (text !== written) setTyped(text);
  }
  const write = useDebouncedCallback((value: string) => {
    setFollowed((before) => ({ ...before, written: value.trim() }));
    setAddress({ [name]: value.trim() });
  }, pause);
  const type = (value: string) => {
    setTyped(value);
    write(value);
  };
  return [typed, type];
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
