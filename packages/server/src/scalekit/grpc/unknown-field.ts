import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** What a message may have, as far as it matters here: a number, a name, and what is inside. */
type Part = Pick<DescField, 'number' | 'name'> & { message?: DescMessage | undefined; fieldKind?: DescField['fieldKind'] };

/**
 * The path of the first field of a message that its schema does not have, at any level, such as `organization.77` or `roles.0.9`; undefined
 * when it has all of them. It looks at the bytes, which must be some that can be decoded: a decoded message has lost what an entry of a map
 * and a wrapper such as `google.protobuf.BoolValue` had of it.
 */
export function unknownField(schema: DescMessage, bytes: Uint8Array): string | undefined {
  return search(schema.fields, new BinaryReader(bytes), bytes.length)?.join('.');
}

function search(parts: readonly Part[], reader: BinaryReader, end: number): (string | number)[] | undefined {
  const places = new Map<number, number>();
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const part = parts.find((known) => known.number === number);
    if (part === undefined) return [number];
    const inside = partsOf(part);
    if (inside === undefined) {
      reader.skip(wireType, number);
      continue;
    }
    if (wireType !== WireType.LengthDelimited) return [number];
    const place = places.get(number) ?? 0;
    places.set(number, place + 1);
    const length = reader.uint32();
    const path = search(inside, reader, reader.pos + length);
    if (path !== undefined) return [part.name, ...(isMany(part) ? [place] : []), ...path];
  }
  return undefined;
}

/** The parts of what is inside of a part; undefined when that is no message. An entry of a map is a message of a key and a value. */
function partsOf(part: Part): readonly Part[] | undefined {
  if (part.fieldKind !== 'map') return part.message?.fields;
  return [
    { number: 1, name: 'key' },
    { number: 2, name: 'value', message: part.message },
  ];
}

function isMany({ fieldKind }: Part): boolean {
  return fieldKind === 'list' || fieldKind === 'map';
}
