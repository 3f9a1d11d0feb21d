import type { ImportQuery, RowKind } from '@crosswalk/contract';
import { rowKinds } from '@crosswalk/contract/kinds';
import { importPreset, importPresets, type MappingOptions } from '@crosswalk/sdk';
import type { Command } from 'commander';
import type { CommonOptions } from '../cli.ts';
import { UsageError } from '../exit.ts';
import { collect, oneOf } from '../options.ts';

/** Options that say how the columns of a file are read. */
export interface MappingArguments extends CommonOptions {
  kind?: string;
  preset?: string;
  map?: string[];
  set?: string[];
  organization?: string;
  organizationSystem?: string;
  matchBy?: string;
  format?: string;
}

/** Adds the options that say how the columns of a file are read. */
export function withMapping(command: Command): Command {
  return command
    .option('--format <format>', 'ndjson or csv; default: by the ending of the name')
    .option('--preset <name>', `CSV: the export of a known system: ${Object.keys(importPresets).join(', ')}`)
    .option(
      '--map <field=column>',
      "CSV: fill a field from a column, such as 'metadata.quota:number=Quota'; a|b takes the first with a value",
      collect,
    );
}

/** The format of a file, and how its columns are mapped; undefined: as they are. A `UsageError` names the option that is wrong. */
export function mappingOf(
  options: MappingArguments,
  format: 'ndjson' | 'csv' | undefined,
): { format: 'ndjson' | 'csv'; mapping: MappingOptions | undefined } {
  const kind = options.kind === undefined ? undefined : kindOf(options.kind);
  const preset = options.preset === undefined ? undefined : presetOf(options.preset);
  const chosen = chosenFormat(options.format) ?? format ?? (preset === undefined && options.map === undefined ? undefined : 'csv');
  if (chosen === undefined) throw new UsageError('the name of the file does not tell its format: add --format csv or --format ndjson');
  const { organization: externalId, organizationSystem: system } = options;
  if (externalId === undefined && system !== undefined) throw new UsageError('--organization-system goes with --organization');
  const isMapped = preset !== undefined || options.map !== undefined || options.set !== undefined || externalId !== undefined;
  if (!isMapped) return { format: chosen, mapping: undefined };
  if (chosen !== 'csv')
    throw new UsageError('--preset, --map, --set and --organization are for CSV: the rows of NDJSON name their fields themselves');
  if (preset !== undefined && kind !== undefined) throw new UsageError('--preset says what the rows are: leave --kind out');
  if (preset === undefined && kind === undefined) throw new UsageError(kindNeeded(options));
  return {
    format: chosen,
    mapping: {
      ...(preset === undefined ? {} : { preset }),
      ...(kind === undefined ? {} : { kind }),
      ...(options.map === undefined ? {} : { map: pairsOf('--map', options.map) }),
      set: pairsOf('--set', options.set),
      ...(externalId === undefined ? {} : { organization: { externalId, ...(system === undefined ? {} : { system }) } }),
      ...(options.matchBy === undefined ? {} : { matchBy: options.matchBy }),
    },
  };
}

function kindNeeded({ map, organization }: MappingArguments): string {
  if (map === undefined && organization !== undefined) return '--organization needs --kind user: only users become members';
  return `${map === undefined ? '--set' : '--map'} needs --kind: one of ${rowKinds.join(', ')}`;
}

/** The kind of rows that an option names. */
function kindOf(text: string): RowKind {
  return oneOf('--kind', text, rowKinds);
}

function presetOf(name: string): NonNullable<MappingOptions['preset']> {
  const preset = importPreset(name);
  if (preset === undefined) throw new UsageError(`--preset is one of ${Object.keys(importPresets).join(', ')}`);
  return preset;
}

function chosenFormat(text: string | undefined): 'ndjson' | 'csv' | undefined {
  return text === undefined ? undefined : oneOf('--format', text, ['ndjson', 'csv'] as const);
}

/** `field=value`, by field. */
function pairsOf(option: string, texts: readonly string[] = []): Record<string, string> {
  const pairs = new Map<string, string>();
  for (const text of texts) {
    const [, field, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (field === undefined || value === undefined)
      throw new UsageError(`${option} ${text} must be field=${option === '--map' ? 'column' : 'value'}`);
    if (pairs.has(field)) throw new UsageError(`${option} names ${field} twice; several columns have | between: ${field}=First|Second`);
    pairs.set(field, value);
  }
  return Object.fromEntries(pairs);
}

/** What an import is asked to do. */
export interface ImportArguments extends MappingArguments {
  mode?: string;
  onConflict?: string;
  dryRun?: boolean;
  atomic?: boolean;
  sendInvitations?: boolean;
  unescapeFormulas?: boolean;
  rejected?: string;
  wait: boolean;
}

/** The options of an import as the API has them. */
export function queryOf(options: ImportArguments, isMapped: boolean): Omit<ImportQuery, 'format'> {
  return {
    ...(options.kind === undefined || isMapped ? {} : { kind: kindOf(options.kind) }),
    ...(options.mode === undefined ? {} : { mode: oneOf('--mode', options.mode, ['upsert', 'create_only', 'update_only'] as const) }),
    ...(options.matchBy === undefined ? {} : { match_by: options.matchBy }),
    ...(options.onConflict === undefined ? {} : { on_conflict: oneOf('--on-conflict', options.onConflict, ['reject', 'leave'] as const) }),
    ...(options.dryRun === true ? { dry_run: true } : {}),
    ...(options.atomic === true ? { atomic: true } : {}),
    ...(options.sendInvitations === true ? { send_invitations: true } : {}),
    ...(options.unescapeFormulas === true ? { unescape_formulas: true } : {}),
  };
}
