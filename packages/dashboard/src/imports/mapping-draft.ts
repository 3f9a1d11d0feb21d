import { ColumnMapping, type ImportPresetName, importPreset, MappingError, type MappingOptions } from '@crosswalk/sdk';
import { type ColumnTarget, type MappedKind, mappingOf } from './columns.ts';
import type { SourceFile } from './source-file.ts';
import { suggestKind, suggestPreset, suggestTargets } from './suggestions.ts';

/** How a file of CSV is read, while somebody decides it. */
export interface MappingDraft {
  /** the export of a known system, columns chosen by hand, or the columns of an import, which need no mapping */
  origin: ImportPresetName | 'custom' | 'own';
  kind: MappedKind;
  /** by column of the file, of `custom` */
  targets: ColumnTarget[];
  /** external ID of the organization that users become members of; empty: none */
  organization: string;
}

/** Whether a file has the columns of an import: those that an export of Crosswalk has. */
export function isOwnFile({ header }: SourceFile): boolean {
  return header.includes('kind');
}

/** What is suggested for a file. */
export function firstDraft(source: SourceFile, systems: readonly string[]): MappingDraft {
  const { header, records } = source;
  const kind = suggestKind(header);
  const origin = isOwnFile(source) ? 'own' : (suggestPreset(header) ?? 'custom');
  return { origin, kind, targets: suggestTargets(kind, header, records, systems), organization: '' };
}

/** The same by hand, for rows of another kind. */
export function draftOfKind(
  draft: MappingDraft,
  kind: MappedKind,
  { header, records }: SourceFile,
  systems: readonly string[],
): MappingDraft {
  return { ...draft, kind, origin: 'custom', targets: suggestTargets(kind, header, records, systems) };
}

/** What a draft comes to: the options of a mapping, none where the file is sent as it is, or why it is none. */
export function outcomeOf(
  source: SourceFile,
  { origin, kind, targets, organization }: MappingDraft,
  matchBy: string,
): { options?: MappingOptions; problem?: string } {
  if (source.format === 'ndjson' || origin === 'own') return {};
  const member = organization.trim() === '' ? {} : { organization: { externalId: organization } };
  const preset = origin === 'custom' ? undefined : importPreset(origin);
  const options: MappingOptions =
    preset === undefined
      ? { ...mappingOf(kind, source.header, targets), ...(kind === 'user' ? member : {}), matchBy }
      : { preset, ...(preset.rows[0].kind === 'user' ? member : {}), matchBy };
  try {
    const mapping = new ColumnMapping(source.header, options);
    return mapping.header.length > 1 ? { options } : { problem: 'No column goes anywhere yet.' };
  } catch (error) {
    if (error instanceof MappingError) return { problem: error.message };
    throw error;
  }
}
