import type { CreateMetadataIndex, MetadataIndex, MetadataIndexAnswer, MetadataIndexList } from '@crosswalk/contract';
import { segment } from './identifiers.ts';
import type { Call, CallOptions, ChangeOptions, Connection } from './request.ts';

const collection = '/api/v1/metadata_indexes';

/** Indexes that find records by comparisons of a key of their metadata. */
export class MetadataIndexes {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** All of the environment, newest first. */
  async list(options?: CallOptions): Promise<MetadataIndex[]> {
    const { metadata_indexes: indexes } = await this.#connection.call<MetadataIndexList>(
      { method: 'GET', path: collection, options },
      'metadata_indexes',
    );
    return indexes;
  }

  /** One of them, to see whether it is ready. */
  get(id: string, options?: CallOptions): Promise<MetadataIndex> {
    return this.#one({ method: 'GET', path: pathOf(id), options });
  }

  /** Asks for an index of a key, such as `metadata.seats`; it is used by itself when its `state` is `READY`. */
  create(index: CreateMetadataIndex, options?: CallOptions): Promise<MetadataIndex> {
    return this.#one({ method: 'POST', path: collection, body: index, options });
  }

  /** Gives up an index. */
  delete(id: string, options?: ChangeOptions): Promise<void> {
    return this.#connection.call({ method: 'DELETE', path: pathOf(id), takes: 'change', options });
  }

  async #one(call: Call): Promise<MetadataIndex> {
    const { metadata_index: index } = await this.#connection.call<MetadataIndexAnswer>(call, 'metadata_index');
    return index;
  }
}

function pathOf(id: string): string {
  return `${collection}/${segment('id', id)}`;
}
